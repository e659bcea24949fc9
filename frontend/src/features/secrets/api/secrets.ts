import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';

export const secretsQuery = queryOptions({
  queryKey: ['secrets'],
  queryFn: () => unwrap(api.GET('/api/secrets')),
});

export interface SecretValue {
  value: string;
  hosts: string[];
}

/** Keeps a new secret, or another value under the name of an old one. What was typed is held by nobody afterwards. */
export function useSaveSecret(secretId: string | null) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, ...body }: SecretValue & { name: string }) =>
      secretId === null
        ? unwrap(api.POST('/api/secrets', { body: { name, ...body } }))
        : unwrap(api.PUT('/api/secrets/{secret_id}', { params: { path: { secret_id: secretId } }, body })),
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: secretsQuery.queryKey }),
  });
}

export function useDeleteSecret() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (secretId: string) =>
      unwrap(api.DELETE('/api/secrets/{secret_id}', { params: { path: { secret_id: secretId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: secretsQuery.queryKey }),
  });
}
