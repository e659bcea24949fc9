/** A name, a place to begin, and the vaults to answer from: enough to run at once. */
import { Button, Group, Modal, MultiSelect, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useNavigate } from 'react-router';

import { ProblemNotice } from '~/ui/problem-notice';

import { templatesQuery, useCreateAgent } from '../api/agents';
import classes from './agents.module.css';

interface NewAgentProps {
  opened: boolean;
  vaults: readonly { id: string; name: string }[];
  noVaults: ReactNode;
  onClose: () => void;
}

export function NewAgent({ opened, vaults, noVaults, onClose }: NewAgentProps) {
  const navigate = useNavigate();
  const templates = useQuery({ ...templatesQuery, enabled: opened });
  const [name, setName] = useState('');
  const [template, setTemplate] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string[] | null>(null);
  const create = useCreateAgent();
  const first = templates.data?.[0]?.name ?? null;
  // With one vault there is nothing to choose.
  const vaultIds = chosen ?? (vaults.length === 1 ? vaults.map(({ id }) => id) : []);

  return (
    <Modal opened={opened} onClose={onClose} title="New agent" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(
            { name, description: '', template: template ?? first, vaults: vaultIds },
            { onSuccess: (agent) => void navigate(`/agents/${agent.id}`) },
          );
        }}
      >
        <Stack>
          <TextInput
            data-autofocus
            label="Name"
            placeholder="Handbook helper"
            required
            maxLength={120}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Radio.Group label="Begin with" value={template ?? first} onChange={setTemplate}>
            <Stack gap="xs" mt={6}>
              {(templates.data ?? []).map((option) => (
                <Radio.Card key={option.name} value={option.name} className={classes.template}>
                  <Group wrap="nowrap" align="flex-start">
                    <Radio.Indicator mt={3} />
                    <div>
                      <Text fw={550} fz="sm">
                        {option.title}
                      </Text>
                      <Text fz="sm" c="dimmed">
                        {option.description}
                      </Text>
                    </div>
                  </Group>
                </Radio.Card>
              ))}
            </Stack>
          </Radio.Group>
          <MultiSelect
            label="Answers from"
            description="The vaults that it searches. You can change this later."
            data={vaults.map(({ id, name: label }) => ({ value: id, label }))}
            value={vaultIds}
            onChange={setChosen}
            placeholder={vaultIds.length === 0 ? 'Choose vaults' : undefined}
          />
          {vaults.length === 0 && noVaults}
          {(create.isError || templates.isError) && <ProblemNotice error={create.error ?? templates.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              Create and open
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
