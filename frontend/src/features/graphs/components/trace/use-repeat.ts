/** Runs a run again from a step, and says how far that has come. */
import { useCallback, useEffect, useRef, useState } from 'react';

import type { RepeatChange } from '~/api/types';
import { notifyProblem } from '~/ui/problem-notice';

import { repeatRun } from '../../api/runs';
import { after, startRun, stopped, type RunView } from '../../model/run-view';

interface Repeat {
  /** The run that is under way, or was last. */
  view: RunView | null;
  start: (runId: string, change: RepeatChange) => void;
  stop: () => void;
}

/** `onEnd` is told the new run's id, also when it failed: it can be looked into all the same. */
export function useRepeat(onEnd: (runId: string) => void): Repeat {
  const [view, setView] = useState<RunView | null>(null);
  const controller = useRef<AbortController | null>(null);
  const stop = useCallback(() => controller.current?.abort(), []);
  useEffect(() => stop, [stop]);

  const start = useCallback(
    (runId: string, change: RepeatChange) => {
      async function run(): Promise<void> {
        const mine = new AbortController();
        controller.current?.abort();
        controller.current = mine;
        let now = startRun('');
        setView(now);
        try {
          for await (const event of repeatRun(runId, change, mine.signal)) {
            now = after(now, event);
            setView(now);
          }
          if (now.runId !== null && now.state !== 'running') onEnd(now.runId);
        } catch (error) {
          setView(stopped(now));
          if (!mine.signal.aborted) notifyProblem(error);
        }
      }
      void run();
    },
    [onEnd],
  );
  return { view, start, stop };
}
