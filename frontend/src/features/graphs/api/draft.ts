import { queryOptions } from '@tanstack/react-query';

import { api, openStream, unwrap } from '~/api/client';
import { readRunEvents, type RunEvent } from '~/api/events';
import type { NodeKind } from '~/api/types';

import type { Graph } from '../model/graph';

/** The palette: changes only when the server is upgraded. */
export const nodeKindsQuery = queryOptions({
  queryKey: ['node-kinds'],
  queryFn: () => unwrap<unknown>(api.GET('/api/node-kinds')) as Promise<NodeKind[]>,
  staleTime: Infinity,
});

export const agentQuery = (agentId: string) =>
  queryOptions({
    queryKey: ['agents', agentId],
    queryFn: () => unwrap(api.GET('/api/agents/{agent_id}', { params: { path: { agent_id: agentId } } })),
  });

/** Saves a draft, valid or not. A 409 means that it was changed elsewhere since `baseRevision`. */
export function saveDraft(agentId: string, graph: Graph, baseRevision: number) {
  return unwrap(
    api.PUT('/api/agents/{agent_id}/draft', {
      params: { path: { agent_id: agentId } },
      body: { graph: { ...graph }, base_revision: baseRevision },
    }),
  );
}

/** Runs the saved draft; leaving the iteration stops the run. */
export async function* tryAgent(agentId: string, question: string, signal: AbortSignal): AsyncGenerator<RunEvent> {
  const body = await openStream(`/api/agents/${agentId}/try`, { body: { question }, signal });
  yield* readRunEvents(body);
}
