import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';

/** What agents wait for one to decide; looked at again now and then, since nobody tells the page. */
export const openInquiriesQuery = queryOptions({
  queryKey: ['inquiries', 'open'],
  queryFn: () => unwrap(api.GET('/api/inquiries')),
  refetchInterval: 15_000,
});

/** Also what is over. */
export const allInquiriesQuery = queryOptions({
  queryKey: ['inquiries', 'all'],
  queryFn: () => unwrap(api.GET('/api/inquiries', { params: { query: { all: true } } })),
});

export interface Decision {
  decision: 'approved' | 'rejected';
  /** What to go on with, where it was changed. */
  value: string | null;
  note: string;
}

export function useDecide(inquiryId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Decision) =>
      unwrap(api.POST('/api/inquiries/{inquiry_id}/reply', { params: { path: { inquiry_id: inquiryId } }, body })),
    // Also when it was too late: then the list has something else to show.
    onSettled: () =>
      Promise.all([['inquiries'], ['chats'], ['runs']].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}
