import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';

export const factsQuery = queryOptions({
  queryKey: ['facts'],
  queryFn: () => unwrap(api.GET('/api/facts')),
  staleTime: 0,
});

/** What to erase: one thing, all that one agent remembers, or everything. */
export type Erasure = { factId: string } | { agentId: string } | { all: true };

export function useErase() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (what: Erasure): Promise<void> => {
      if ('factId' in what) await unwrap(api.DELETE('/api/facts/{fact_id}', { params: { path: { fact_id: what.factId } } }));
      else await unwrap(api.DELETE('/api/facts', { params: { query: 'agentId' in what ? { agent_id: what.agentId } : {} } }));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: factsQuery.queryKey }),
  });
}
