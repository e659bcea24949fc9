/** How documents are cut into chunks: what is recommended, what a cut looks like, and cutting anew. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';
import type { Chunking } from '~/api/types';

export const chunkingChoicesQuery = queryOptions({
  queryKey: ['chunking-choices'],
  queryFn: () => unwrap(api.GET('/api/chunking')),
  staleTime: Infinity,
});

/** How a document is cut now. */
export const chunksQuery = (documentId: string) =>
  queryOptions({
    queryKey: ['documents', documentId, 'chunks'],
    queryFn: () =>
      unwrap(api.GET('/api/documents/{document_id}/chunks', { params: { path: { document_id: documentId } } })),
  });

/** How it would be cut. Nothing is kept of it. */
export const chunkPreviewQuery = (documentId: string, chunking: Chunking) =>
  queryOptions({
    queryKey: ['documents', documentId, 'chunk-preview', chunking],
    queryFn: () =>
      unwrap(
        api.POST('/api/documents/{document_id}/chunk-preview', {
          params: { path: { document_id: documentId } },
          body: chunking,
        }),
      ),
    placeholderData: keepPreviousData,
  });

/** How far the vault's documents are cut anew; asked again every second meanwhile. */
export const recuttingQuery = (vaultId: string) =>
  queryOptions({
    queryKey: ['vaults', vaultId, 'recutting'],
    queryFn: () => unwrap(api.GET('/api/vaults/{vault_id}/recutting', { params: { path: { vault_id: vaultId } } })),
    refetchInterval: (query) => (query.state.data?.is_under_way === true ? 1000 : false),
  });

/** Keeps the sizes and begins to cut all documents by them. */
export function useCutAnew(vaultId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (chunking: Chunking) =>
      unwrap(api.PATCH('/api/vaults/{vault_id}', { params: { path: { vault_id: vaultId } }, body: { chunking } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['vaults'] }),
  });
}
