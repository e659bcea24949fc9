import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, openStream, unwrap } from '~/api/client';
import { readRunEvents, type RunEvent } from '~/api/events';

export const chatsQuery = queryOptions({
  queryKey: ['chats'],
  queryFn: () => unwrap(api.GET('/api/chats')),
});

export const chatQuery = (chatId: string) =>
  queryOptions({
    queryKey: ['chats', chatId],
    queryFn: () => unwrap(api.GET('/api/chats/{chat_id}', { params: { path: { chat_id: chatId } } })),
    // Somebody else may decide, and then the answer comes.
    refetchInterval: ({ state }) => (state.data?.messages.at(-1)?.status === 'waiting' ? 5_000 : false),
  });

export const citedPassageQuery = (runId: string, number: number) =>
  queryOptions({
    queryKey: ['runs', runId, 'citations', number],
    queryFn: () =>
      unwrap(api.GET('/api/runs/{run_id}/citations/{number}', { params: { path: { run_id: runId, number } } })),
    staleTime: Infinity,
  });

export const proofQuery = (proofId: string) =>
  queryOptions({
    queryKey: ['proofs', proofId],
    queryFn: () => unwrap(api.GET('/api/proofs/{proof_id}', { params: { path: { proof_id: proofId } } })),
    staleTime: Infinity,
  });

export function useCreateChat() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (slug: string) => unwrap(api.POST('/api/chats', { body: { slug } })),
    onSuccess: (chat) => {
      client.setQueryData(chatQuery(chat.id).queryKey, chat);
      return client.invalidateQueries({ queryKey: chatsQuery.queryKey, exact: true });
    },
  });
}

export function useDeleteChat() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (chatId: string) =>
      unwrap(api.DELETE('/api/chats/{chat_id}', { params: { path: { chat_id: chatId } } })),
    onSuccess: (_, chatId) => {
      client.removeQueries({ queryKey: ['chats', chatId] });
      return client.invalidateQueries({ queryKey: chatsQuery.queryKey, exact: true });
    },
  });
}

/** Looks on at a run that is under way; leaving changes nothing. */
export async function* follow(runId: string, signal: AbortSignal): AsyncGenerator<RunEvent> {
  yield* readRunEvents(await openStream(`/api/runs/${runId}/events`, { signal }));
}

/** Stops a run, which then costs nothing. */
export async function cancel(runId: string): Promise<void> {
  await unwrap(api.POST('/api/runs/{run_id}/cancel', { params: { path: { run_id: runId } } }));
}

/** Asks; leaving the iteration stops the run, which then costs nothing. */
export async function* ask(chatId: string, content: string, signal: AbortSignal): AsyncGenerator<RunEvent> {
  const body = await openStream(`/api/chats/${chatId}/messages`, { body: { content }, signal });
  yield* readRunEvents(body);
}
