import { queryOptions } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';

export const catalogueQuery = (words: string) =>
  queryOptions({
    queryKey: ['catalogue', { words }],
    queryFn: () => unwrap(api.GET('/api/catalogue', { params: { query: { q: words } } })),
  });

export const catalogueEntryQuery = (slug: string) =>
  queryOptions({
    queryKey: ['catalogue', slug],
    queryFn: () => unwrap(api.GET('/api/catalogue/{slug}', { params: { path: { slug } } })),
    refetchInterval: (query) => (query.state.data?.my_license?.state === 'pending' ? 1500 : false),
  });
