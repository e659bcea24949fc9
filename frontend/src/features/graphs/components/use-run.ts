/** Tries the draft and gathers what happens. */
import { useCallback, useEffect, useRef } from 'react';

import { asProblem } from '~/api/problem';

import { tryAgent } from '../api/draft';
import { useEditor } from '../model/editor-store';
import { after, startRun, stopped } from '../model/run-view';

export function useRun(saveNow: () => Promise<boolean>): { start: (question: string) => void; stop: () => void } {
  const controller = useRef<AbortController | null>(null);

  const stop = useCallback(() => {
    controller.current?.abort();
  }, []);
  useEffect(() => stop, [stop]);

  const start = useCallback(
    (question: string) => {
      async function run(): Promise<void> {
        const { agentId, setRun } = useEditor.getState();
        if (agentId === null) return;
        const mine = new AbortController();
        controller.current?.abort();
        controller.current = mine;
        let view = startRun(question);
        setRun(view);
        try {
          await saveNow();
          for await (const event of tryAgent(agentId, question, mine.signal)) {
            if (controller.current !== mine) return;
            view = after(view, event);
            setRun(view);
          }
          if (view.state === 'running') {
            setRun({ ...stopped(view), state: 'failed', problem: { nodeId: null, message: 'The server broke off. Try again.' } });
          }
        } catch (error) {
          if (controller.current !== mine) return;
          if (mine.signal.aborted) {
            setRun(stopped(view));
            return;
          }
          const { title, detail } = asProblem(error);
          setRun({ ...stopped(view), state: 'failed', problem: { nodeId: null, message: `${title}. ${detail}` } });
        }
      }
      void run();
    },
    [saveNow],
  );

  return { start, stop };
}
