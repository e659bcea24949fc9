/** The states an agent has had: compare two, take one back, put a drawing aside. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';

import type { Graph } from '../model/graph';

export const keptDraftsQuery = (agentId: string) =>
  queryOptions({
    queryKey: ['agents', agentId, 'kept-drafts'],
    queryFn: () => unwrap(api.GET('/api/agents/{agent_id}/kept-drafts', { params: { path: { agent_id: agentId } } })),
  });

export const differenceQuery = (agentId: string, before: string, after: string) =>
  queryOptions({
    queryKey: ['agents', agentId, 'difference', before, after],
    queryFn: () =>
      unwrap(
        api.GET('/api/agents/{agent_id}/difference', {
          params: { path: { agent_id: agentId }, query: { before, after } },
        }),
      ),
    staleTime: 0,
  });

export function useRestore(agentId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { state: string; base_revision: number }) =>
      unwrap(api.POST('/api/agents/{agent_id}/restore', { params: { path: { agent_id: agentId } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['agents', agentId] }),
  });
}

/** Puts a drawing aside, before another one takes its place. */
export function keepDraft(agentId: string, graph: Graph | Record<string, unknown>) {
  return unwrap(
    api.POST('/api/agents/{agent_id}/kept-drafts', {
      params: { path: { agent_id: agentId } },
      body: { graph: { ...graph } },
    }),
  );
}
