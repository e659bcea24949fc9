/** One question, or one answer with what it rests on, what it cost and its proof. */
import { Alert, Anchor, Group, Loader, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import type { Citation, NotReady, Sentence, Unread } from '~/api/types';
import { AnswerText } from '~/ui/answer-text';
import { Money } from '~/ui/currency';
import { NotRead } from '~/ui/not-read';
import { NotSearched } from '~/ui/not-searched';
import { inLine } from '~/ui/waiting';

import classes from './message.module.css';

export function Question({ children }: { children: string }) {
  return (
    <div className={classes.question}>
      <span className={classes.hidden}>You asked:</span>
      {children}
    </div>
  );
}

interface AnswerProps {
  answer: string;
  citations: readonly Citation[];
  sentences: readonly Sentence[];
  notReady: NotReady;
  unread: Unread;
  ahead?: number;
  isWriting?: boolean;
  step?: string | null;
  onOpenCitation: (number: number) => void;
  footer?: ReactNode;
}

export function Answer({
  answer,
  citations,
  sentences,
  notReady,
  unread,
  ahead = 0,
  isWriting = false,
  step = null,
  onOpenCitation,
  footer,
}: AnswerProps) {
  return (
    <article className={classes.answer} aria-label="Answer" aria-busy={isWriting}>
      {answer !== '' && (
        <AnswerText answer={answer} sentences={sentences} citations={citations} onOpenCitation={onOpenCitation} />
      )}
      {isWriting && (
        <Group gap="xs" mt={answer === '' ? 0 : 'xs'} role="status">
          <Loader size="xs" />
          <Text fz="sm" c="dimmed">
            {ahead > 0 ? inLine(ahead) : answer === '' ? (step ?? 'Thinking') : 'Writing'}
          </Text>
        </Group>
      )}
      {citations.length > 0 && <CitationList citations={citations} onOpen={onOpenCitation} />}
      <NotSearched {...notReady} />
      <NotRead {...unread} />
      {footer}
    </article>
  );
}

interface CitationListProps {
  citations: readonly Citation[];
  onOpen: (number: number) => void;
}

/** The passages an answer rests on, in the order the answer names them. */
export function CitationList({ citations, onOpen }: CitationListProps) {
  return (
    <ol className={classes.citations} aria-label="Citations">
      {citations.map((citation) => (
        <li key={citation.number}>
          <button type="button" className={classes.citation} onClick={() => onOpen(citation.number)}>
            <span className={classes.number} aria-hidden>
              {citation.number}
            </span>
            <span className={classes.document}>
              {citation.document}
              {citation.page !== null && `, page ${citation.page}`}
            </span>
            <span className={classes.quote}>{citation.quote}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

interface ChargeLineProps {
  charge: number;
  proofId: string | null;
  unsupported: number;
  onOpenProof: (proofId: string) => void;
}

/** What the answer cost, and the proof of it. */
export function ChargeLine({ charge, proofId, unsupported, onOpenProof }: ChargeLineProps) {
  return (
    <Group gap="sm" mt="sm" fz="xs" c="dimmed">
      <span>{charge === 0 ? 'Nothing charged' : <>Charged <Money amount={charge} /></>}</span>
      {proofId !== null && (
        <Anchor component="button" type="button" fz="xs" onClick={() => onOpenProof(proofId)}>
          Proof
        </Anchor>
      )}
      {unsupported > 0 && (
        <span>
          {unsupported === 1 ? 'One underlined sentence is' : `${unsupported} underlined sentences are`} not supported by
          the documents
        </span>
      )}
    </Group>
  );
}

export function Trouble({ title, detail, children }: { title: string; detail: string; children?: ReactNode }) {
  return (
    <Alert role="alert" color="red" icon={<IconAlertTriangle />} title={title}>
      <Text fz="sm">{detail}</Text>
      {children}
    </Alert>
  );
}
