/** What a step handed on the last time that it ran, and running it alone with what it took in then. */
import { Anchor, Button, Group, Loader, Stack, Text } from '@mantine/core';
import { IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { Link } from 'react-router';

import { formatMilliseconds, formatRelative } from '~/ui/format';

import { lastResultsQuery } from '../api/runs';
import { useEditor } from '../model/editor-store';
import { runToBeginFrom } from '../model/last-results';
import { Value } from './trace/step-trace';
import { useRepeat } from './trace/use-repeat';

interface LastResultProps {
  agentId: string;
  nodeId: string;
  saveNow: () => Promise<boolean>;
}

export function LastResult({ agentId, nodeId, saveNow }: LastResultProps) {
  const client = useQueryClient();
  const results = useQuery(lastResultsQuery(agentId));
  const graph = useEditor((state) => state.history.present);
  const hasProblems = useEditor((state) => state.problems.length > 0);
  const onEnd = useCallback(() => {
    void client.invalidateQueries({ queryKey: ['agents', agentId, 'last-results'] });
    void client.invalidateQueries({ queryKey: ['agents', agentId, 'runs'] });
  }, [client, agentId]);
  const repeat = useRepeat(onEnd);
  if (results.data === undefined) return null;
  const last = results.data[nodeId];
  const from = runToBeginFrom(graph, nodeId, results.data);
  const isRunning = repeat.view?.state === 'running';

  const runIt = (): void => {
    if (from === null) return;
    void saveNow().then((isSaved) => {
      if (isSaved) repeat.start(from, { node_id: nodeId, from_draft: true, only: true });
    });
  };

  return (
    <Stack gap="xs" component="section" aria-label="Last result">
      <Group justify="space-between">
        <Text fz="sm" fw={600}>
          Last result
        </Text>
        {isRunning ? (
          <Button size="compact-sm" variant="default" leftSection={<IconPlayerStop size={14} />} onClick={repeat.stop}>
            Stop
          </Button>
        ) : (
          <Button size="compact-sm" variant="light" leftSection={<IconPlayerPlay size={14} />} disabled={from === null || hasProblems} onClick={runIt}>
            Run just this
          </Button>
        )}
      </Group>
      {isRunning && <Loader size="xs" aria-label="Running" />}
      {repeat.view?.problem != null && (
        <Text fz="sm" c="var(--q-bad)" role="alert">
          {repeat.view.problem.message}
        </Text>
      )}
      {last === undefined ? (
        <Text fz="xs" c="dimmed">
          {from === null
            ? 'It has not run yet. Try the agent with a question: then this step can be run alone, with what it took in.'
            : 'It has not run yet. Run it alone with what the steps before it handed on last.'}
        </Text>
      ) : (
        <>
          {Object.entries(last.output).map(([socket, value]) => (
            <Value key={socket} value={value} />
          ))}
          <Text fz="xs" c="dimmed">
            {formatRelative(last.at)}
            {last.took_ms !== null && `, took ${formatMilliseconds(last.took_ms)}`} ·{' '}
            <Anchor component={Link} to={`/agents/${agentId}/runs/${last.run_id}`} fz="xs">
              Open the run
            </Anchor>
          </Text>
        </>
      )}
    </Stack>
  );
}
