/** Who holds a vault's key, and how what lies at rest of it is protected. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';
import type { OwnerModeChoice, Unlocking, Vault } from '~/api/types';

export const protectionLevelsQuery = queryOptions({
  queryKey: ['protection-levels'],
  queryFn: () => unwrap(api.GET('/api/protection-levels')),
  staleTime: Infinity,
});

export const ownerModesQuery = queryOptions({
  queryKey: ['owner-modes'],
  queryFn: () => unwrap(api.GET('/api/owner-modes')),
  staleTime: Infinity,
});

/** Versions of the keys; asked again while one is being replaced. */
export const vaultKeysQuery = (vaultId: string) =>
  queryOptions({
    queryKey: ['vaults', vaultId, 'keys'],
    queryFn: () => unwrap(api.GET('/api/vaults/{vault_id}/keys', { params: { path: { vault_id: vaultId } } })),
    refetchInterval: (query) =>
      query.state.data?.rotations.some((rotation) => rotation.is_under_way) === true ? 1000 : false,
  });

function useVaultMutation<Variables, Result>(mutationFn: (variables: Variables) => Promise<Result>) {
  const client = useQueryClient();
  return useMutation({ mutationFn, onSuccess: () => client.invalidateQueries({ queryKey: ['vaults'] }) });
}

export const useChooseMode = (vaultId: string) =>
  useVaultMutation((body: OwnerModeChoice) =>
    unwrap(api.PUT('/api/vaults/{vault_id}/mode', { params: { path: { vault_id: vaultId } }, body })),
  );

export const useUnlock = (vaultId: string) =>
  useVaultMutation((body: Unlocking) =>
    unwrap(api.POST('/api/vaults/{vault_id}/unlock', { params: { path: { vault_id: vaultId } }, body })),
  );

export const useLock = (vaultId: string) =>
  useVaultMutation(() => unwrap(api.POST('/api/vaults/{vault_id}/lock', { params: { path: { vault_id: vaultId } } })));

export const useGrant = (vaultId: string) =>
  useVaultMutation((days: number) =>
    unwrap(api.POST('/api/vaults/{vault_id}/grant', { params: { path: { vault_id: vaultId } }, body: { days } })),
  );

export const useRevoke = (vaultId: string) =>
  useVaultMutation(() =>
    unwrap(api.DELETE('/api/vaults/{vault_id}/grant', { params: { path: { vault_id: vaultId } } })),
  );

export const useReplaceKeys = (vaultId: string) =>
  useVaultMutation((what: 'vault' | 'search') =>
    unwrap(api.POST('/api/vaults/{vault_id}/keys/rotate', { params: { path: { vault_id: vaultId } }, body: { what } })),
  );

export const useProtect = (vaultId: string) =>
  useVaultMutation((protection: Vault['protection']) =>
    unwrap(api.PATCH('/api/vaults/{vault_id}', { params: { path: { vault_id: vaultId } }, body: { protection } })),
  );
