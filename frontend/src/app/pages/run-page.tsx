/** A run looked back into; run again from a step, both stand beside each other. */
import { Button, Group, Loader, SimpleGrid, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPlayerStop } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';

import type { Trace, TraceStep } from '~/api/types';
import { agentQuery, nodeKindsQuery, saveDraft } from '~/features/graphs/api/draft';
import { traceQuery } from '~/features/graphs/api/runs';
import { AgainDialog } from '~/features/graphs/components/trace/again-dialog';
import { TraceColumn } from '~/features/graphs/components/trace/trace-column';
import { useRepeat } from '~/features/graphs/components/trace/use-repeat';
import { useEditor } from '~/features/graphs/model/editor-store';
import { changeNode, readGraph } from '~/features/graphs/model/graph';
import { modelChoicesQuery } from '~/features/models/api/models';
import { useAddTestFromRun } from '~/features/tests/api/tests';
import { vaultsQuery } from '~/features/vaults/api/vaults';
import { formatDateTime } from '~/ui/format';
import { Page } from '~/ui/page';
import { notifyProblem } from '~/ui/problem-notice';
import { QueryView } from '~/ui/query-view';

import { NoVaults } from './no-vaults';

export function RunPage() {
  const { agentId = '', runId = '' } = useParams();
  const [search, setSearch] = useSearchParams();
  const besideId = search.get('beside');
  const agent = useQuery(agentQuery(agentId));
  const kinds = useQuery(nodeKindsQuery);
  const vaults = useQuery(vaultsQuery);
  const models = useQuery(modelChoicesQuery);
  useEffect(() => {
    if (models.data !== undefined) useEditor.setState({ models: models.data });
  }, [models.data]);
  const trace = useQuery(traceQuery(runId));
  const beside = useQuery({ ...traceQuery(besideId ?? ''), enabled: besideId !== null });
  const [openNode, setOpenNode] = useState<string | null>(null);
  const [changing, setChanging] = useState<{ from: string; step: TraceStep } | null>(null);
  const client = useQueryClient();
  const onEnd = useCallback(
    (newId: string) => {
      setSearch({ beside: newId });
      void client.invalidateQueries({ queryKey: ['agents', agentId, 'runs'] });
      void client.invalidateQueries({ queryKey: ['agents', agentId, 'last-results'] });
    },
    [setSearch, client, agentId],
  );
  const repeat = useRepeat(onEnd);
  const isRunning = repeat.view?.state === 'running';

  return (
    <Page
      title="A run, step by step"
      description={trace.data === undefined ? undefined : formatDateTime(trace.data.started_at)}
      trail={[
        { label: 'My agents', to: '/agents' },
        { label: agent.data?.name ?? 'Agent', to: `/agents/${agentId}` },
        { label: 'Runs', to: `/agents/${agentId}/runs` },
      ]}
      actions={<AddTest agentId={agentId} runId={besideId ?? runId} />}
    >
      {isRunning && (
        <Group mb="md" role="status">
          <Loader size="xs" />
          <Text fz="sm">Running again: {repeat.view?.steps.at(-1)?.title ?? 'beginning'}</Text>
          <Button size="compact-sm" variant="default" leftSection={<IconPlayerStop size={14} />} onClick={repeat.stop}>
            Stop
          </Button>
        </Group>
      )}
      <QueryView query={trace}>
        {(run) => (
          <SimpleGrid cols={{ base: 1, md: besideId === null ? 1 : 2 }} spacing="lg">
            <TraceColumn
              title={besideId === null ? 'This run' : 'As it was'}
              trace={run}
              other={beside.data}
              openNode={openNode}
              onOpen={setOpenNode}
              onAgain={(step) => setChanging({ from: runId, step })}
            />
            {besideId !== null && (
              <div>
                <QueryView query={beside}>
                  {(again) => (
                    <>
                      <TraceColumn
                        title="Run again"
                        trace={again}
                        other={run}
                        openNode={openNode}
                        onOpen={setOpenNode}
                        onAgain={(step) => setChanging({ from: besideId, step })}
                      />
                      <Group mt="md">
                        <TakeIntoDraft agentId={agentId} again={again} run={run} />
                        <Button variant="default" size="xs" onClick={() => setSearch({})}>
                          Close this one
                        </Button>
                      </Group>
                    </>
                  )}
                </QueryView>
              </div>
            )}
          </SimpleGrid>
        )}
      </QueryView>
      {changing !== null && (
        <AgainDialog
          step={changing.step}
          kind={kinds.data?.find(({ kind }) => kind === changing.step.kind)}
          vaults={vaults.data ?? []}
          noVaults={<NoVaults />}
          onClose={() => setChanging(null)}
          onStart={(change) => {
            setChanging(null);
            repeat.start(changing.from, change);
          }}
        />
      )}
    </Page>
  );
}

function AddTest({ agentId, runId }: { agentId: string; runId: string }) {
  const add = useAddTestFromRun(agentId);
  return (
    <Button
      variant="default"
      loading={add.isPending}
      onClick={() =>
        add.mutate(runId, {
          onSuccess: () =>
            notifications.show({
              title: 'Added to the tests as a draft',
              message: 'Say there what a right answer is like, and confirm it.',
            }),
          onError: notifyProblem,
        })
      }
    >
      Make it a test
    </Button>
  );
}

/** What was changed of the step may be what the agent is to do from now on. */
function TakeIntoDraft({ agentId, again, run }: { agentId: string; again: Trace; run: Trace }) {
  const client = useQueryClient();
  const nodeId = again.again?.node_id ?? '';
  const changed = readGraph(again.graph).nodes.find(({ id }) => id === nodeId);
  const before = readGraph(run.graph).nodes.find(({ id }) => id === nodeId);
  const take = useMutation({
    mutationFn: async () => {
      const agent = await client.query({ ...agentQuery(agentId), staleTime: 0 });
      const graph = readGraph(agent.graph);
      if (changed === undefined || !graph.nodes.some(({ id }) => id === nodeId)) throw new Error('That step is not in the draft any more.');
      return saveDraft(agentId, changeNode(graph, nodeId, { settings: changed.settings }), agent.revision);
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['agents', agentId] });
      notifications.show({ title: 'The draft has these settings now', message: 'Publish it when its tests pass.' });
    },
    onError: notifyProblem,
  });
  if (changed === undefined || JSON.stringify(changed.settings) === JSON.stringify(before?.settings)) {
    return (
      <Button component={Link} to={`/agents/${agentId}`} size="xs">
        Open the draft
      </Button>
    );
  }
  return (
    <Button size="xs" loading={take.isPending} onClick={() => take.mutate()}>
      Take these settings into the draft
    </Button>
  );
}
