/** A quiet mark for something with a name: its first letter on a colour of its own. */
import type { CSSProperties } from 'react';

import classes from './emblem.module.css';

/** The same name always has the same hue. */
export function hueOf(name: string): number {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return hash;
}

function initialOf(name: string): string {
  const point = name.trim().codePointAt(0);
  return point === undefined ? '?' : String.fromCodePoint(point).toUpperCase();
}

export function Emblem({ name, size = 36 }: { name: string; size?: number }) {
  return (
    <span className={classes.emblem} style={{ width: size, height: size, fontSize: size * 0.44, '--hue': hueOf(name) } as CSSProperties} aria-hidden>
      {initialOf(name)}
    </span>
  );
}
