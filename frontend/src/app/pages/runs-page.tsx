/** One's own runs of an agent, to look back into. */
import { Badge, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';

import type { RunSummary } from '~/api/types';
import { agentQuery } from '~/features/graphs/api/draft';
import { runsQuery } from '~/features/graphs/api/runs';
import { versionsQuery } from '~/features/publishing/api/publishing';
import { Money } from '~/ui/currency';
import { EmptyState } from '~/ui/empty-state';
import { formatDateTime, formatMilliseconds, formatRelative } from '~/ui/format';
import { Page } from '~/ui/page';
import { ProblemNotice } from '~/ui/problem-notice';

const STATES: Readonly<Record<string, string>> = { finished: '', failed: 'Failed', cancelled: 'Stopped', running: 'Under way' };

export function RunsPage() {
  const { agentId = '' } = useParams();
  const agent = useQuery(agentQuery(agentId));
  const versions = useQuery(versionsQuery(agentId));
  const runs = useInfiniteQuery(runsQuery(agentId));
  const listed = runs.data?.pages.flat() ?? [];
  const numbers = new Map((versions.data ?? []).map(({ id, number }) => [id, number]));
  return (
    <Page
      title="Runs"
      description="Every time that you asked this agent. Open one to see each step, change it there and run the rest again. What other people ask is theirs and is not shown."
      trail={[
        { label: 'My agents', to: '/agents' },
        { label: agent.data?.name ?? 'Agent', to: `/agents/${agentId}` },
      ]}
    >
      {runs.isError && <ProblemNotice error={runs.error} onRetry={() => void runs.refetch()} />}
      {runs.isSuccess && listed.length === 0 && (
        <EmptyState icon={IconHistory} title="No runs yet">
          Open the draft and try it, or ask the published agent in a chat.
        </EmptyState>
      )}
      <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Runs">
        {listed.map((run) => (
          <Paper component="li" key={run.id} p="md">
            <RunLine run={run} agentId={agentId} version={run.version_id === null ? undefined : numbers.get(run.version_id)} />
          </Paper>
        ))}
      </Stack>
      {runs.hasNextPage && (
        <Button mt="md" variant="default" loading={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>
          Earlier runs
        </Button>
      )}
    </Page>
  );
}

function RunLine({ run, agentId, version }: { run: RunSummary; agentId: string; version: number | undefined }) {
  const word = STATES[run.state] ?? run.state;
  return (
    <>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Text component={Link} to={`/agents/${agentId}/runs/${run.id}`} fw={600} lineClamp={2} c="inherit">
          {run.question}
        </Text>
        <Text fz="xs" c="dimmed" title={formatDateTime(run.started_at)} style={{ whiteSpace: 'nowrap' }}>
          {formatRelative(run.started_at)}
        </Text>
      </Group>
      {run.answer !== null && (
        <Text fz="sm" c="dimmed" lineClamp={2} mt={2}>
          {run.answer}
        </Text>
      )}
      <Group gap="xs" mt="xs" fz="xs" c="dimmed">
        {word !== '' && <Badge color={run.state === 'failed' ? 'red' : 'gray'}>{word}</Badge>}
        <Badge variant="light">{run.version_id === null ? 'Draft' : `Version ${version ?? '?'}`}</Badge>
        {run.again !== null && <Badge variant="light">{run.again.only ? 'One step' : 'Run again from a step'}</Badge>}
        {run.test_id !== null && <Badge variant="light">For a test</Badge>}
        {run.took_ms !== null && <span>{formatMilliseconds(run.took_ms)}</span>}
        {run.charge > 0 && <Money amount={run.charge} />}
      </Group>
    </>
  );
}
