import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';
import { problemOf } from '~/api/problem';
import type { Upload, Vault } from '~/api/types';

import type { Period } from '../model/periods';

export const vaultsQuery = queryOptions({
  queryKey: ['vaults'],
  queryFn: () => unwrap(api.GET('/api/vaults')),
});

export const vaultQuery = (vaultId: string) =>
  queryOptions({
    queryKey: ['vaults', vaultId],
    queryFn: () => unwrap(api.GET('/api/vaults/{vault_id}', { params: { path: { vault_id: vaultId } } })),
    refetchInterval: (query) => (query.state.data?.reindexing ? 1000 : false),
  });

/** How far the vault's documents have come all together; asked only while some are on their way. */
export const intakeQuery = (vaultId: string) =>
  queryOptions({
    queryKey: ['vaults', vaultId, 'intake'],
    queryFn: () => unwrap(api.GET('/api/vaults/{vault_id}/intake', { params: { path: { vault_id: vaultId } } })),
    refetchInterval: 2000,
  });

export const documentQuery = (documentId: string) =>
  queryOptions({
    queryKey: ['documents', documentId],
    queryFn: () => unwrap(api.GET('/api/documents/{document_id}', { params: { path: { document_id: documentId } } })),
  });

export const documentTextQuery = (documentId: string) =>
  queryOptions({
    queryKey: ['documents', documentId, 'text'],
    queryFn: () =>
      unwrap(api.GET('/api/documents/{document_id}/text', { params: { path: { document_id: documentId } } })),
    staleTime: Infinity,
  });

type NewVault = Pick<Vault, 'name' | 'description' | 'protection'>;

export function useCreateVault() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewVault) => unwrap(api.POST('/api/vaults', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: vaultsQuery.queryKey }),
  });
}

export function useChangeVault(vaultId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; description: string }) =>
      unwrap(api.PATCH('/api/vaults/{vault_id}', { params: { path: { vault_id: vaultId } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: vaultsQuery.queryKey }),
  });
}

export function useDeleteVault() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (vaultId: string) =>
      unwrap(api.DELETE('/api/vaults/{vault_id}', { params: { path: { vault_id: vaultId } } })),
    onSuccess: (_, vaultId) => {
      client.removeQueries({ queryKey: ['vaults', vaultId] });
      return client.invalidateQueries({ queryKey: vaultsQuery.queryKey, exact: true });
    },
  });
}

/** Sends files with `XMLHttpRequest`, the only way to see how much has left. `onProgress` gets 0 to 1. */
function sendFiles(
  method: 'POST' | 'PUT',
  path: string,
  files: readonly File[],
  onProgress: (done: number) => void,
): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const body = new FormData();
    for (const file of files) body.append('files', file, file.name);
    const request = new XMLHttpRequest();
    request.open(method, path);
    request.setRequestHeader('X-Qanat', '1');
    request.responseType = 'json';
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(request.response as Upload);
      else reject(problemOf(request.response, request.status));
    };
    request.onerror = () => reject(new TypeError('network'));
    request.send(body);
  });
}

export function useAddDocuments(vaultId: string, onProgress: (done: number) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (files: readonly File[]) => sendFiles('POST', `/api/vaults/${vaultId}/documents`, files, onProgress),
    onSettled: () => client.invalidateQueries({ queryKey: ['vaults'] }),
  });
}

/** Gives a document new content. Resolves with what became of the file; the old content serves until it is ready. */
export function useReplaceDocument() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ documentId, file }: { documentId: string; file: File }) =>
      sendFiles('PUT', `/api/documents/${documentId}/content`, [file], () => undefined),
    onSettled: () => client.invalidateQueries({ queryKey: ['vaults'] }),
  });
}

export function useDismissReplacement() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (documentId: string) =>
      unwrap(api.DELETE('/api/documents/{document_id}/replacement', { params: { path: { document_id: documentId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['vaults'] }),
  });
}

/** Adds one page of the web, or with a limit the pages of a site. */
export function useAddWebPages(vaultId: string) {
  const client = useQueryClient();
  const params = { path: { vault_id: vaultId } };
  return useMutation({
    mutationFn: ({ url, limit, period }: { url: string; limit: number | null; period: Period }) =>
      limit === null
        ? unwrap(api.POST('/api/vaults/{vault_id}/web-pages', { params, body: { url, period } }))
        : unwrap(api.POST('/api/vaults/{vault_id}/site-maps', { params, body: { url, limit, period } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['vaults'] }),
  });
}

export function useFollowWebPage() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ documentId, period }: { documentId: string; period: Period }) =>
      unwrap(
        api.PUT('/api/documents/{document_id}/web-source', {
          params: { path: { document_id: documentId } },
          body: { period },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['vaults'] }),
  });
}

export function useSynchronizeDocument() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (documentId: string) =>
      unwrap(api.POST('/api/documents/{document_id}/synchronize', { params: { path: { document_id: documentId } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['vaults'] }),
  });
}

export function useDeleteDocument() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (documentId: string) =>
      unwrap(api.DELETE('/api/documents/{document_id}', { params: { path: { document_id: documentId } } })),
    onSuccess: (_, documentId) => {
      client.removeQueries({ queryKey: ['documents', documentId] });
      return client.invalidateQueries({ queryKey: ['vaults'] });
    },
  });
}

export function useRetryDocument() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (documentId: string) =>
      unwrap(api.POST('/api/documents/{document_id}/retry', { params: { path: { document_id: documentId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['vaults'] }),
  });
}

export function useCancelDocument() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (documentId: string) =>
      unwrap(api.POST('/api/documents/{document_id}/cancel', { params: { path: { document_id: documentId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['vaults'] }),
  });
}
