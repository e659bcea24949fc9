import { Alert, Button, Group, Modal, MultiSelect, Paper, Stack, Table, Tabs, Text, TextInput } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useState } from 'react';

import type { ApiKey } from '~/api/types';
import { Confirm } from '~/ui/confirm';
import { CopyBlock } from '~/ui/copy-field';
import { formatDateTime, formatRelative } from '~/ui/format';
import { ProblemNotice } from '~/ui/problem-notice';

import { useCreateApiKey, useRevokeApiKey } from '../api/keys';
import { curlSnippet, javascriptSnippet, pythonSnippet, type SnippetValues } from '../model/snippets';

export interface AgentChoice {
  slug: string;
  name: string;
}

interface NewApiKeyProps {
  opened: boolean;
  agents: readonly AgentChoice[];
  onClose: () => void;
  onCreated: (secret: string) => void;
}

export function NewApiKey({ opened, agents, onClose, onCreated }: NewApiKeyProps) {
  const [name, setName] = useState('');
  const [slugs, setSlugs] = useState<string[]>([]);
  const create = useCreateApiKey();
  const close = () => {
    create.reset();
    setName('');
    setSlugs([]);
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={create.isSuccess ? 'Copy your new key now' : 'New API key'}>
      {create.isSuccess ? (
        <Stack>
          <Alert color="yellow" icon={<IconKey />}>
            It is shown this once. We keep only a fingerprint of it, so nobody can read it to you later.
          </Alert>
          <CopyBlock value={create.data.secret} label="API key" />
          <Group justify="flex-end">
            <Button onClick={close}>I have copied it</Button>
          </Group>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate(
              { name, slugs: slugs.length === 0 ? null : slugs },
              { onSuccess: ({ secret }) => onCreated(secret) },
            );
          }}
        >
          <Stack>
            <TextInput
              data-autofocus
              label="Name"
              placeholder="Website assistant"
              description="So that you know later which program uses it."
              required
              maxLength={120}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <MultiSelect
              label="Agents it may ask"
              description="Leave empty for every agent that you have a license for."
              data={agents.map((agent) => ({ value: agent.slug, label: agent.name }))}
              value={slugs}
              onChange={setSlugs}
              searchable
            />
            {create.isError && <ProblemNotice error={create.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={create.isPending}>
                Create key
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

export function ApiKeyTable({ keys }: { keys: readonly ApiKey[] }) {
  const [doomed, setDoomed] = useState<ApiKey | null>(null);
  const revoke = useRevokeApiKey();
  return (
    <>
      <Paper style={{ overflowX: 'auto' }}>
        <Table aria-label="API keys" verticalSpacing="sm" horizontalSpacing="md">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>Key</Table.Th>
              <Table.Th>May ask</Table.Th>
              <Table.Th>Created</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {keys.map((key) => (
              <Table.Tr key={key.id}>
                <Table.Td fw={550}>{key.name}</Table.Td>
                <Table.Td ff="monospace">{key.hint}</Table.Td>
                <Table.Td>{key.slugs === null ? 'Every licensed agent' : key.slugs.join(', ')}</Table.Td>
                <Table.Td title={formatDateTime(key.created_at)}>{formatRelative(key.created_at)}</Table.Td>
                <Table.Td>{key.last_used_at === null ? 'never' : formatRelative(key.last_used_at)}</Table.Td>
                <Table.Td ta="right">
                  <Button size="xs" variant="default" onClick={() => setDoomed(key)} aria-label={`Revoke ${key.name}`}>
                    Revoke
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
      <Confirm
        opened={doomed !== null}
        title="Revoke this key?"
        confirmLabel="Revoke"
        busy={revoke.isPending}
        error={revoke.error}
        onClose={() => setDoomed(null)}
        onConfirm={() => {
          if (doomed !== null) revoke.mutate(doomed.id, { onSuccess: () => setDoomed(null) });
        }}
      >
        Programs that use <strong>{doomed?.name}</strong> stop working at once.
      </Confirm>
    </>
  );
}

export function Snippets(values: SnippetValues) {
  return (
    <Tabs defaultValue="python" variant="pills">
      <Tabs.List mb="sm" aria-label="Language">
        <Tabs.Tab value="python">Python</Tabs.Tab>
        <Tabs.Tab value="javascript">JavaScript</Tabs.Tab>
        <Tabs.Tab value="curl">curl</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="python">
        <CopyBlock value={pythonSnippet(values)} label="Python example" />
      </Tabs.Panel>
      <Tabs.Panel value="javascript">
        <CopyBlock value={javascriptSnippet(values)} label="JavaScript example" />
      </Tabs.Panel>
      <Tabs.Panel value="curl">
        <CopyBlock value={curlSnippet(values)} label="curl example" />
      </Tabs.Panel>
      <Text fz="sm" c="dimmed" mt="sm">
        The stock <code>openai</code> clients work unchanged; answers also carry citations, the charge and a proof.
      </Text>
    </Tabs>
  );
}
