/** Asks a question in a chat and gathers the answer as it streams. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';

import { asProblem } from '~/api/problem';

import * as chats from '../api/chats';
import { after, ask, failed, isUnderWay, stopped, type Turn } from '../model/turn';

interface Asking {
  turn: Turn | null;
  start: (question: string) => void;
  stop: () => void;
  dismiss: () => void;
}

export function useTurn(chatId: string): Asking {
  const client = useQueryClient();
  const [turn, setTurn] = useState<Turn | null>(null);
  const controller = useRef<AbortController | null>(null);

  const stop = useCallback(() => controller.current?.abort(), []);
  useEffect(() => stop, [stop, chatId]);

  const start = useCallback(
    (question: string) => {
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
          for await (const event of chats.ask(chatId, question, mine.signal)) {
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
        if (now.state === 'done' || now.state === 'stopped') setTurn((shown) => (shown === now ? null : shown));
      }
      void run();
    },
    [chatId, client],
  );

  return { turn, start, stop, dismiss: () => setTurn(null) };
}
