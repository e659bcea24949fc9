/** Saves the draft shortly after each edit, one save at a time, and says where it stands. */
import { useCallback, useEffect, useRef } from 'react';

import { ApiProblem } from '~/api/problem';

import { saveDraft } from '../api/draft';
import { useEditor } from '../model/editor-store';

const QUIET_MS = 700;

/** Returns a function that saves at once and resolves to whether everything is saved. */
export function useAutosave(): () => Promise<boolean> {
  const edits = useEditor((state) => state.edits);
  const underWay = useRef<Promise<boolean> | null>(null);

  const saveNow = useCallback((): Promise<boolean> => {
    async function saveAll(): Promise<boolean> {
      for (;;) {
        const { agentId, history, revision, edits: savedEdits, save, setSave, saved } = useEditor.getState();
        if (agentId === null || save.state === 'saved') return true;
        if (save.state === 'conflict') return false;
        setSave({ state: 'saving' });
        try {
          const agent = await saveDraft(agentId, history.present, revision);
          if (useEditor.getState().agentId !== agentId) return true;
          saved(agent);
          if (useEditor.getState().edits === savedEdits) return true;
          setSave({ state: 'waiting' });
        } catch (error) {
          if (useEditor.getState().agentId !== agentId) return false;
          const conflict = error instanceof ApiProblem && error.status === 409;
          setSave(conflict ? { state: 'conflict' } : { state: 'failed', error });
          return false;
        }
      }
    }
    underWay.current ??= saveAll().finally(() => {
      underWay.current = null;
    });
    return underWay.current;
  }, []);

  useEffect(() => {
    if (edits === 0) return;
    const timer = setTimeout(() => void saveNow(), QUIET_MS);
    return () => clearTimeout(timer);
  }, [edits, saveNow]);

  useEffect(() => {
    const hold = (event: BeforeUnloadEvent): void => {
      if (useEditor.getState().save.state !== 'saved') event.preventDefault();
    };
    globalThis.addEventListener('beforeunload', hold);
    return () => {
      globalThis.removeEventListener('beforeunload', hold);
      // Leaving within the app does not lose the last second of work.
      void saveNow();
    };
  }, [saveNow]);

  return saveNow;
}
