import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';
import type { PreparedTransaction } from '~/api/types';

export const walletQuery = queryOptions({
  queryKey: ['wallet'],
  queryFn: () => unwrap(api.GET('/api/wallet')),
});

export const licensesQuery = queryOptions({
  queryKey: ['licenses'],
  queryFn: () => unwrap(api.GET('/api/licenses')),
  // A license just bought waits for the chain to confirm it.
  refetchInterval: (query) => (query.state.data?.some(({ state }) => state === 'pending') === true ? 1500 : false),
});

export function useFaucet() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.POST('/api/wallet/faucet')),
    onSuccess: (wallet) => client.setQueryData(walletQuery.queryKey, wallet),
  });
}

/** After money moved, everything that shows money or rights is asked anew. */
function useRefresh() {
  const client = useQueryClient();
  return () =>
    Promise.all(
      [['wallet'], ['licenses'], ['catalogue'], ['earnings']].map((queryKey) => client.invalidateQueries({ queryKey })),
    );
}

/** Buys with the wallet kept by the server, or with the browser's own wallet. */
export function useBuy(wallet: 'managed' | 'external') {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: async (body: { terms_id: number; deposit: number }) => {
      if (wallet === 'managed') {
        await unwrap(api.POST('/api/licenses', { body }));
        return;
      }
      const { transactions } = await unwrap(api.POST('/api/licenses/prepare', { body }));
      await sendAll(transactions);
    },
    onSuccess: refresh,
  });
}

export function useTopUp(wallet: 'managed' | 'external') {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: async ({ licenseId, amount }: { licenseId: number; amount: number }) => {
      const params = { path: { license_id: licenseId } };
      const body = { amount };
      if (wallet === 'managed') {
        await unwrap(api.POST('/api/licenses/{license_id}/top-up', { params, body }));
        return;
      }
      const prepared = await unwrap(api.POST('/api/licenses/{license_id}/top-up/prepare', { params, body }));
      await sendAll(prepared.transactions);
    },
    onSuccess: refresh,
  });
}

export function useRenew() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (licenseId: number) =>
      unwrap(api.POST('/api/licenses/{license_id}/renew', { params: { path: { license_id: licenseId } } })),
    onSuccess: refresh,
  });
}

interface Provider {
  request(call: { method: string; params?: unknown[] }): Promise<unknown>;
}

/** Lets the browser's wallet sign and send each transaction, waiting for one before the next. */
async function sendAll(transactions: readonly PreparedTransaction[]): Promise<void> {
  const provider = (globalThis as { ethereum?: Provider }).ethereum;
  if (provider === undefined) {
    throw new Error('Your wallet is not in this browser. Open this page where the wallet extension is installed.');
  }
  const [from] = (await provider.request({ method: 'eth_requestAccounts' })) as string[];
  for (const { to, data, value } of transactions) {
    const hash = await provider.request({
      method: 'eth_sendTransaction',
      params: [{ from, to, data, value: `0x${BigInt(value).toString(16)}` }],
    });
    await mined(provider, hash);
  }
}

async function mined(provider: Provider, hash: unknown): Promise<void> {
  for (;;) {
    const receipt = (await provider.request({ method: 'eth_getTransactionReceipt', params: [hash] })) as {
      status: string;
    } | null;
    if (receipt?.status === '0x1') return;
    if (receipt !== null) throw new Error('The chain refused the transaction. Nothing else was sent.');
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
