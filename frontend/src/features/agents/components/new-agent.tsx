/** A place to begin, a name, and what to answer from: sample documents or one's own. Enough to run at once. */
import { Button, Group, Modal, MultiSelect, Radio, SegmentedControl, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useNavigate } from 'react-router';

import { ProblemNotice } from '~/ui/problem-notice';

import { templatesQuery, useCreateAgent } from '../api/agents';
import classes from './agents.module.css';
import { TemplatePicture } from './template-picture';

interface NewAgentProps {
  opened: boolean;
  vaults: readonly { id: string; name: string }[];
  noVaults: ReactNode;
  onClose: () => void;
}

type Source = 'samples' | 'mine';

export function NewAgent({ opened, vaults, noVaults, onClose }: NewAgentProps) {
  const navigate = useNavigate();
  const templates = useQuery({ ...templatesQuery, enabled: opened });
  const [typed, setTyped] = useState<string | null>(null);
  const [template, setTemplate] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string[] | null>(null);
  const [picked, setPicked] = useState<Source | null>(null);
  const create = useCreateAgent();
  const option = templates.data?.find(({ name }) => name === template) ?? templates.data?.[0];
  const name = typed ?? option?.title ?? '';
  // With one vault there is nothing to choose.
  const vaultIds = chosen ?? (vaults.length === 1 ? vaults.map(({ id }) => id) : []);
  const source = picked ?? (vaults.length === 0 ? 'samples' : 'mine');
  const withSamples = source === 'samples';

  return (
    <Modal opened={opened} onClose={onClose} title="New agent" size="xl">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(
            {
              name,
              description: '',
              template: option?.name ?? null,
              vaults: withSamples ? [] : vaultIds,
              with_samples: withSamples,
            },
            { onSuccess: (agent) => void navigate(`/agents/${agent.id}`) },
          );
        }}
      >
        <Stack>
          <Radio.Group label="Begin with" value={option?.name ?? null} onChange={setTemplate}>
            <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs" mt={6}>
              {(templates.data ?? []).map((each) => (
                <Radio.Card key={each.name} value={each.name} className={classes.template}>
                  <Group wrap="nowrap" align="flex-start" gap="sm">
                    <TemplatePicture picture={each.picture} />
                    <div>
                      <Text fw={550} fz="sm">
                        {each.title}
                      </Text>
                      <Text fz="sm" c="dimmed">
                        {each.description}
                      </Text>
                      {each.needs !== '' && (
                        <Text fz="xs" mt={4} c="var(--q-warn, inherit)">
                          {each.needs}
                        </Text>
                      )}
                    </div>
                  </Group>
                </Radio.Card>
              ))}
            </SimpleGrid>
          </Radio.Group>
          <TextInput
            data-autofocus
            label="Name"
            required
            maxLength={120}
            value={name}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <div>
            <Text fz="sm" fw={500} mb={4}>
              Answers from
            </Text>
            <SegmentedControl
              fullWidth
              aria-label="Answers from"
              data={[
                { value: 'samples', label: 'Sample documents' },
                { value: 'mine', label: 'My vaults' },
              ]}
              value={source}
              onChange={setPicked}
            />
          </div>
          {withSamples ? (
            <Text fz="sm" c="dimmed">
              {option === undefined
                ? ''
                : `A vault with ${option.sample_documents === 1 ? '1 invented document' : `${option.sample_documents} invented documents`} is made for you, and questions to test the agent with. Ready to ask after some seconds; choose your own vaults later.`}
            </Text>
          ) : (
            <>
              <MultiSelect
                label="Vaults"
                description="The vaults that it searches. You can change this later."
                data={vaults.map(({ id, name: label }) => ({ value: id, label }))}
                value={vaultIds}
                onChange={setChosen}
                placeholder={vaultIds.length === 0 ? 'Choose vaults' : undefined}
              />
              {vaults.length === 0 && noVaults}
            </>
          )}
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
