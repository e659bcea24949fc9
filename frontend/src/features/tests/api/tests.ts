/** An agent's tests: the set, running it, drafting for it, its report, the gate. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';
import type { TestBody } from '~/api/types';

const of = (agentId: string) => ({ path: { agent_id: agentId } });

/** While tests are run or drafted the set is asked for every second. */
export const testsQuery = (agentId: string) =>
  queryOptions({
    queryKey: ['agents', agentId, 'tests'],
    queryFn: () => unwrap(api.GET('/api/agents/{agent_id}/tests', { params: of(agentId) })),
    refetchInterval: ({ state }) => (state.data?.progress?.state === 'working' ? 1000 : false),
    staleTime: 0,
  });

export const reportQuery = (agentId: string, state = 'draft') =>
  queryOptions({
    queryKey: ['agents', agentId, 'tests', 'report', state],
    queryFn: () => unwrap(api.GET('/api/agents/{agent_id}/tests/report', { params: { ...of(agentId), query: { state } } })),
    staleTime: 0,
  });

/** A change of the set, after which set and report are asked for anew. */
function useChange<Body>(agentId: string, change: (body: Body) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => client.invalidateQueries({ queryKey: ['agents', agentId, 'tests'] }),
  });
}

export const useAddTest = (agentId: string) =>
  useChange(agentId, (body: TestBody) => unwrap(api.POST('/api/agents/{agent_id}/tests', { params: of(agentId), body })));

export const useChangeTest = (agentId: string) =>
  useChange(agentId, ({ id, ...body }: TestBody & { id: string }) =>
    unwrap(
      api.PUT('/api/agents/{agent_id}/tests/{test_id}', { params: { path: { agent_id: agentId, test_id: id } }, body }),
    ),
  );

export const useRemoveTest = (agentId: string) =>
  useChange(agentId, (id: string) =>
    unwrap(api.DELETE('/api/agents/{agent_id}/tests/{test_id}', { params: { path: { agent_id: agentId, test_id: id } } })),
  );

export const useAddTestFromRun = (agentId: string) =>
  useChange(agentId, (runId: string) =>
    unwrap(api.POST('/api/agents/{agent_id}/tests/from-run', { params: of(agentId), body: { run_id: runId } })),
  );

export const useRunTests = (agentId: string) =>
  useChange(agentId, (body: { state: string; only?: string[] }) =>
    unwrap(api.POST('/api/agents/{agent_id}/tests/run', { params: of(agentId), body: { only: null, ...body } })),
  );

export const useDraftTests = (agentId: string) =>
  useChange(agentId, (count: number) =>
    unwrap(api.POST('/api/agents/{agent_id}/tests/draft', { params: of(agentId), body: { count } })),
  );

export const useStopTests = (agentId: string) =>
  useChange(agentId, () => unwrap(api.POST('/api/agents/{agent_id}/tests/stop', { params: of(agentId) })));

export const useSetGate = (agentId: string) =>
  useChange(agentId, (percent: number | null) =>
    unwrap(api.PUT('/api/agents/{agent_id}/tests-gate', { params: of(agentId), body: { percent } })),
  );
