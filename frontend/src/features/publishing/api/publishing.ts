import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';
import type { Publication } from '~/api/types';

export const versionsQuery = (agentId: string) =>
  queryOptions({
    queryKey: ['agents', agentId, 'versions'],
    queryFn: () => unwrap(api.GET('/api/agents/{agent_id}/versions', { params: { path: { agent_id: agentId } } })),
  });

export function usePublish(agentId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Publication) =>
      unwrap(api.POST('/api/agents/{agent_id}/publish', { params: { path: { agent_id: agentId } }, body })),
    onSuccess: () =>
      Promise.all([['agents'], ['catalogue'], ['earnings']].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}
