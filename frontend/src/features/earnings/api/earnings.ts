import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';

export const earningsQuery = queryOptions({
  queryKey: ['earnings'],
  queryFn: () => unwrap(api.GET('/api/earnings')),
});

function useRefresh() {
  const client = useQueryClient();
  return () => Promise.all([['earnings'], ['wallet']].map((queryKey) => client.invalidateQueries({ queryKey })));
}

export function useClaimEarnings() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: () => unwrap(api.POST('/api/earnings/claim', { body: {} })),
    onSuccess: refresh,
  });
}

/** Settles at once; only the server's operator may. */
export function useSettleNow() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: () => unwrap(api.POST('/api/settlements')),
    onSuccess: refresh,
  });
}
