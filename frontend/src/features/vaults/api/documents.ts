/** A vault's documents in pages, what they can be told apart by, and their tags. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';

import { asQuery, type Listing } from '../model/listing';

/** A page of the vault's documents; asked again every second while any of the vault's is on its way. */
export const documentPageQuery = (vaultId: string, listing: Listing) =>
  queryOptions({
    queryKey: ['vaults', vaultId, 'documents', listing],
    queryFn: () =>
      unwrap(
        api.GET('/api/vaults/{vault_id}/documents/page', {
          params: { path: { vault_id: vaultId }, query: asQuery(listing) },
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => ((query.state.data?.under_way_count ?? 0) > 0 ? 1000 : false),
  });

/** Ready documents with these letters in their names: what a choice of documents offers. */
export const documentsNamedQuery = (vaultId: string, name: string) =>
  queryOptions({
    queryKey: ['vaults', vaultId, 'documents', 'named', name],
    queryFn: () =>
      unwrap(
        api.GET('/api/vaults/{vault_id}/documents/page', {
          params: { path: { vault_id: vaultId }, query: { name, stages: ['active'], limit: 20 } },
        }),
      ),
    placeholderData: keepPreviousData,
  });

/** The tags and kinds that the vault's documents have. */
export const contentsQuery = (vaultId: string) =>
  queryOptions({
    queryKey: ['vaults', vaultId, 'contents'],
    queryFn: () => unwrap(api.GET('/api/vaults/{vault_id}/contents', { params: { path: { vault_id: vaultId } } })),
  });

export function useTagDocument(documentId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (tags: string[]) =>
      unwrap(
        api.PATCH('/api/documents/{document_id}', { params: { path: { document_id: documentId } }, body: { tags } }),
      ),
    onSuccess: async (document) => {
      client.setQueryData(['documents', documentId], document);
      await client.invalidateQueries({ queryKey: ['vaults', document.vault_id] });
    },
  });
}
