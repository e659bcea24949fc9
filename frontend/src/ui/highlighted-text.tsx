/** A document's text as plain text, with one stretch marked and scrolled to. */
import { useEffect, useMemo, useRef } from 'react';

import classes from './highlighted-text.module.css';
import { reflow } from './reflow';
import { unitOffset } from './text-offsets';

interface HighlightedTextProps {
  text: string;
  /** Code point offsets into `text`, as the server counts. */
  highlight?: { start: number; end: number };
  label: string;
}

export function HighlightedText({ text: original, highlight, label }: HighlightedTextProps) {
  const text = useMemo(() => reflow(original), [original]);
  const mark = useRef<HTMLElement>(null);
  const start = highlight?.start;
  const end = highlight?.end;
  useEffect(() => {
    mark.current?.scrollIntoView({ block: 'center' });
  }, [text, start, end]);

  if (start === undefined || end === undefined) {
    return (
      <div className={classes.text} role="document" aria-label={label} tabIndex={0}>
        {text}
      </div>
    );
  }
  const from = unitOffset(text, start);
  const to = unitOffset(text, end, start, from);
  return (
    <div className={classes.text} role="document" aria-label={label} tabIndex={0}>
      {text.slice(0, from)}
      <mark ref={mark} className={classes.mark}>
        {text.slice(from, to)}
      </mark>
      {text.slice(to)}
    </div>
  );
}
