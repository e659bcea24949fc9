/** An answer with its citation marks; sentences that nothing supports are underlined and say so. */
import { Tooltip } from '@mantine/core';
import { useMemo } from 'react';

import { stretchesOf, type AnswerSentence, type Inline } from './answer-pieces';
import classes from './answer-text.module.css';

interface AnswerTextProps {
  answer: string;
  sentences?: readonly AnswerSentence[];
  citations?: readonly { number: number; document: string }[];
  onOpenCitation?: (number: number) => void;
}

const NONE: readonly never[] = [];

export function AnswerText({ answer, sentences = NONE, citations = NONE, onOpenCitation }: AnswerTextProps) {
  const documents = useMemo(() => new Map(citations.map((citation) => [citation.number, citation.document])), [citations]);
  const stretches = useMemo(() => stretchesOf(answer, sentences, new Set(documents.keys())), [answer, sentences, documents]);

  const draw = (inline: Inline, index: number) => {
    if (inline.kind !== 'mark') return <Words key={index} {...inline} />;
    const { number } = inline;
    return (
      <button
        key={index}
        type="button"
        className={classes.mark}
        aria-label={`Citation ${number}: ${documents.get(number) ?? ''}`}
        onClick={() => onOpenCitation?.(number)}
      >
        {number}
      </button>
    );
  };

  return (
    <div className={classes.answer}>
      {stretches.map(({ inlines, support }, index) =>
        support === 'unsupported' ? (
          <Tooltip key={index} label="No cited passage supports this sentence." openDelay={150}>
            <span className={classes.unsupported} tabIndex={0}>
              {inlines.map(draw)}
              <span className={classes.hidden}> (not supported by the documents)</span>
            </span>
          </Tooltip>
        ) : (
          <span key={index}>{inlines.map(draw)}</span>
        ),
      )}
    </div>
  );
}

function Words({ kind, text }: { kind: 'text' | 'strong' | 'code'; text: string }) {
  if (kind === 'strong') return <strong>{text}</strong>;
  if (kind === 'code') return <code>{text}</code>;
  return text;
}
