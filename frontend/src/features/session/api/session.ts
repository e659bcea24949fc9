import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';
import type { Session } from '~/api/types';

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => unwrap(api.GET('/api/session')),
  staleTime: 60_000,
});

/** Every way in ends alike: the new session is known, and what an earlier one saw is forgotten. */
function useEntry<Input>(enter: (input: Input) => Promise<Session>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: enter,
    onSuccess: (session) => {
      client.clear();
      client.setQueryData(sessionQuery.queryKey, session);
    },
  });
}

export const useSignIn = () =>
  useEntry((body: { email: string; password: string }) => unwrap(api.POST('/api/session/login', { body })));

export const useRegister = () =>
  useEntry((body: { name: string; email: string; password: string }) =>
    unwrap(api.POST('/api/session/register', { body })),
  );

export const useClaim = () => useEntry((token: string) => unwrap(api.POST('/api/session/claim', { body: { token } })));

/** Asks the browser's wallet to sign the server's challenge (EIP-4361). */
export const useWalletSignIn = () =>
  useEntry(async (wallet: BrowserWallet) => {
    const [address] = (await wallet.request({ method: 'eth_requestAccounts' })) as string[];
    if (address === undefined) throw new Error('The wallet gave no account. Unlock it and choose one.');
    const { message } = await unwrap(api.POST('/api/session/wallet/challenge', { body: { address } }));
    const signature = (await wallet.request({ method: 'personal_sign', params: [message, address] })) as string;
    return unwrap(api.POST('/api/session/wallet', { body: { message, signature } }));
  });

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.DELETE('/api/session')),
    onSuccess: async () => {
      client.clear();
      await client.query(sessionQuery);
    },
  });
}

export function useChangeAccount() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; email?: string; password?: string }) =>
      unwrap(api.PATCH('/api/account', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: sessionQuery.queryKey }),
  });
}

/** What EIP-1193 gives of a wallet extension. */
export interface BrowserWallet {
  request(call: { method: string; params?: unknown[] }): Promise<unknown>;
}

export function findBrowserWallet(): BrowserWallet | null {
  return (globalThis as { ethereum?: BrowserWallet }).ethereum ?? null;
}
