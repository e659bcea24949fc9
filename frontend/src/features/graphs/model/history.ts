/** Undo and redo without limit, for any value that is replaced rather than changed. */
export interface History<T> {
  past: readonly T[];
  present: T;
  future: readonly T[];
  /** What the last edit was about and when: typing in one field is one step back. */
  last: { about: string; at: number } | null;
}

const SAME_EDIT_MS = 1000;

export function begin<T>(present: T): History<T> {
  return { past: [], present, future: [], last: null };
}

/**
 * The history after an edit. Edits about the same thing within a second become one.
 * `about` names the thing, such as a field; without it each edit stands alone.
 */
export function edit<T>(history: History<T>, present: T, { about, at }: { about?: string; at: number }): History<T> {
  const { last } = history;
  const continues = about !== undefined && last?.about === about && at - last.at < SAME_EDIT_MS;
  return {
    past: continues ? history.past : [...history.past, history.present],
    present,
    future: [],
    last: about === undefined ? null : { about, at },
  };
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return { past: history.past.slice(0, -1), present: before, future: [history.present, ...history.future], last: null };
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future, last: null };
}
