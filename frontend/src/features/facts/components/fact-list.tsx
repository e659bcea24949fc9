/** What agents remember of the person who is signed in, agent by agent. */
import { ActionIcon, Badge, Button, Group, Paper, Stack, Table, Text, Tooltip } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';

import type { Fact } from '~/api/types';
import { Confirm } from '~/ui/confirm';
import { formatDateTime, formatRelative } from '~/ui/format';
import { notifyProblem } from '~/ui/problem-notice';

import { useErase } from '../api/facts';

export function FactList({ facts }: { facts: readonly Fact[] }) {
  const agents = new Map<string, Fact[]>();
  for (const fact of facts) agents.set(fact.agent_id, [...(agents.get(fact.agent_id) ?? []), fact]);
  return (
    <Stack gap="xl">
      {[...agents].map(([agentId, remembered]) => (
        <AgentFacts key={agentId} agentId={agentId} facts={remembered} />
      ))}
    </Stack>
  );
}

function AgentFacts({ agentId, facts }: { agentId: string; facts: readonly Fact[] }) {
  const [asks, setAsks] = useState(false);
  const erase = useErase();
  const name = facts[0]?.agent === '' ? 'An agent that its author took away' : (facts[0]?.agent ?? '');
  return (
    <section aria-label={name}>
      <Group justify="space-between" mb="xs">
        <Text fw={600}>{name}</Text>
        <Button size="compact-sm" variant="default" onClick={() => setAsks(true)} aria-label={`Erase all that ${name} remembers`}>
          Erase all of it
        </Button>
      </Group>
      <Paper style={{ overflowX: 'auto' }}>
        <Table aria-label={`What ${name} remembers`} verticalSpacing="sm" horizontalSpacing="md">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>What</Table.Th>
              <Table.Th>Value</Table.Th>
              <Table.Th>Since</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {facts.map((fact) => (
              <Table.Tr key={fact.id}>
                <Table.Td>
                  <Group gap="xs" wrap="nowrap">
                    <Text fz="sm" fw={550}>
                      {fact.name.replaceAll('_', ' ')}
                    </Text>
                    {fact.chat_id !== null && (
                      <Tooltip label="It is forgotten when you delete that conversation">
                        <Badge size="sm" variant="light" color="gray">
                          one conversation
                        </Badge>
                      </Tooltip>
                    )}
                  </Group>
                </Table.Td>
                <Table.Td style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', minWidth: 200 }}>{fact.value}</Table.Td>
                <Table.Td title={formatDateTime(fact.saved_at)}>{formatRelative(fact.saved_at)}</Table.Td>
                <Table.Td ta="right">
                  <Tooltip label="Erase">
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      aria-label={`Erase ${fact.name.replaceAll('_', ' ')}`}
                      onClick={() => erase.mutate({ factId: fact.id }, { onError: notifyProblem })}
                    >
                      <IconTrash size={16} />
                    </ActionIcon>
                  </Tooltip>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
      <Confirm
        opened={asks}
        title={`Erase all that ${name} remembers?`}
        confirmLabel="Erase"
        busy={erase.isPending}
        error={erase.error}
        onClose={() => setAsks(false)}
        onConfirm={() => erase.mutate({ agentId }, { onSuccess: () => setAsks(false) })}
      >
        It begins anew with you, as with somebody it never met. Your conversations stay.
      </Confirm>
    </section>
  );
}
