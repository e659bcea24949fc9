/** One's own runs of an agent: looking back into them, and running them again from a step. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { api, openStream, unwrap } from '~/api/client';
import { readRunEvents, type RunEvent } from '~/api/events';
import type { RepeatChange } from '~/api/types';

const A_PAGE = 30;

export const runsQuery = (agentId: string) =>
  infiniteQueryOptions({
    queryKey: ['agents', agentId, 'runs'],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/api/agents/{agent_id}/runs', {
          params: { path: { agent_id: agentId }, query: pageParam === null ? {} : { before: pageParam } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.length < A_PAGE ? undefined : page.at(-1)?.started_at),
    staleTime: 0,
  });

export const traceQuery = (runId: string) =>
  queryOptions({
    queryKey: ['runs', runId, 'trace'],
    queryFn: () => unwrap(api.GET('/api/runs/{run_id}/trace', { params: { path: { run_id: runId } } })),
    staleTime: Infinity,
  });

export const lastResultsQuery = (agentId: string) =>
  queryOptions({
    queryKey: ['agents', agentId, 'last-results'],
    queryFn: () => unwrap(api.GET('/api/agents/{agent_id}/last-results', { params: { path: { agent_id: agentId } } })),
    staleTime: 0,
  });

/** Runs it again from a step; leaving the iteration stops that. */
export async function* repeatRun(runId: string, change: RepeatChange, signal: AbortSignal): AsyncGenerator<RunEvent> {
  const body = await openStream(`/api/runs/${runId}/repeat`, { body: change, signal });
  yield* readRunEvents(body);
}
