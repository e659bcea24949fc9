import { useMutation } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';
import type { SearchFilters } from '~/api/types';

interface Trial {
  question: string;
  filters: SearchFilters;
  rerank: boolean;
}

/** Searches as an agent would, and asks why each place was found or left out. */
export function useSearchVault(vaultId: string) {
  return useMutation({
    mutationFn: ({ question, filters, rerank }: Trial) =>
      unwrap(
        api.POST('/api/vaults/{vault_id}/search', {
          params: { path: { vault_id: vaultId } },
          body: { question, filters, rerank, limit: 8, explain: true, sections: false },
        }),
      ),
  });
}
