/** Asks a question in a chat and gathers the answer as it streams. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';

import { asProblem } from '~/api/problem';

import * as chats from '../api/chats';
import { after, ask, failed, isUnderWay, stopped, type Turn } from '../model/turn';

interface Asking {
  turn: Turn | null;
  start: (question: string) => void;
  /** Looks on at a run that went on without this page. */
  follow: (question: string, runId: string) => void;
  stop: () => void;
  dismiss: () => void;
}

export function useTurn(chatId: string): Asking {
  const client = useQueryClient();
  const [turn, setTurn] = useState<Turn | null>(null);
  const controller = useRef<AbortController | null>(null);

  const followed = useRef<string | null>(null);

  const leave = useCallback(() => controller.current?.abort(), []);
  useEffect(() => leave, [leave, chatId]);
  const stop = useCallback(() => {
    if (followed.current === null) leave();
    else chats.cancel(followed.current).catch(leave);
  }, [leave]);

  const gather = useCallback(
    (question: string, runId: string | null) => {
      followed.current = runId;
      async function run(): Promise<void> {
        const mine = new AbortController();
        controller.current = mine;
        let now = ask(question);
        setTurn(now);
        // Many pieces may come between two frames; they are drawn together.
        let drawing = 0;
        const draw = (): void => {
          drawing ||= requestAnimationFrame(() => {
            drawing = 0;
            setTurn(now);
          });
        };
        try {
          const events = runId === null ? chats.ask(chatId, question, mine.signal) : chats.follow(runId, mine.signal);
          for await (const event of events) {
            now = after(now, event);
            draw();
          }
          if (isUnderWay(now)) {
            now = failed(now, {
              title: 'The answer broke off',
              detail: 'The connection to the server ended. Your question is kept: ask it again.',
            });
          }
        } catch (error) {
          now = mine.signal.aborted ? stopped(now) : failed(now, asProblem(error));
        }
        cancelAnimationFrame(drawing);
        setTurn(now);
        const refreshed = [['chats'], ['licenses'], ['wallet'], ['earnings'], ['catalogue']];
        await Promise.all(refreshed.map((queryKey) => client.invalidateQueries({ queryKey })));
        // From here on the chat itself holds the answer; a refusal is shown until the person moves on.
        if (now.state === 'done' || now.state === 'stopped' || now.state === 'waiting') setTurn((shown) => (shown === now ? null : shown));
      }
      void run();
    },
    [chatId, client],
  );

  const start = useCallback((question: string) => gather(question, null), [gather]);
  return { turn, start, follow: gather, stop, dismiss: () => setTurn(null) };
}
