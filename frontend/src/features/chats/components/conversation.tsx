/** A conversation with an agent: the messages, the one under way, and the field for the next. */
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react';

import type { Chat } from '~/api/types';

import { isUnderWay } from '../model/turn';
import { Composer } from './composer';
import classes from './conversation.module.css';
import { Answer, ChargeLine, Question, Trouble } from './message';
import { useTurn } from './use-turn';

interface ConversationProps {
  chat: Chat;
  /** Asked at once, where the conversation was begun with it. */
  firstQuestion?: string | undefined;
  /** Shown while nothing was asked yet. */
  welcome: ReactNode;
  /** What an answer costs. */
  note: ReactNode;
  /** The ways to get a license, where one is missing or used up. */
  offers: (retry: () => void) => ReactNode;
  /** What to show of a run that waits for somebody's decision. */
  waiting: (runId: string) => ReactNode;
  onOpenCitation: (runId: string, number: number) => void;
  onOpenProof: (proofId: string) => void;
}

export function Conversation({ chat, firstQuestion, welcome, note, offers, waiting, onOpenCitation, onOpenProof }: ConversationProps) {
  const { turn, start, follow, stop, dismiss } = useTurn(chat.id);
  const [question, setQuestion] = useState('');
  const scroller = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const isBusy = turn !== null && isUnderWay(turn);

  const begun = useRef(false);
  useEffect(() => {
    if (firstQuestion === undefined || begun.current) return;
    begun.current = true;
    start(firstQuestion);
  }, [firstQuestion, start]);

  // Begun in another window, or before the server was restarted, or gone on after somebody decided.
  const last = chat.messages.at(-1);
  const asked = chat.messages.at(-2)?.content;
  const runId = last?.status === 'running' ? last.run_id : null;
  useEffect(() => {
    if (runId !== null && asked !== undefined && !isBusy) follow(asked, runId);
    // A run is looked at once; when that breaks off, the chat itself is read again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [runId, follow]);

  // Stay at the end while the answer grows, unless the person scrolled up to read.
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box !== null && follows.current) box.scrollTop = box.scrollHeight;
  }, [turn, chat.messages.length]);
  useEffect(() => {
    follows.current = true;
  }, [chat.id]);

  const send = (text: string): void => {
    follows.current = true;
    setQuestion('');
    start(text.trim());
  };
  const retry = (): void => {
    if (turn !== null) start(turn.question);
  };

  // While a turn is under way the server may list its messages already: show them once.
  const messages = turn === null ? chat.messages : withoutTurn(chat, turn.question);

  return (
    <div className={classes.conversation}>
      <div
        ref={scroller}
        className={classes.scroll}
        onScroll={({ currentTarget: box }) => {
          follows.current = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
        }}
      >
        <div className={classes.messages} role="log" aria-label="Messages">
          {messages.length === 0 && turn === null && welcome}
          {messages.map((message) =>
            message.role === 'user' ? (
              <Question key={message.id}>{message.content}</Question>
            ) : (
              <Answer
                key={message.id}
                answer={message.content}
                citations={message.citations}
                sentences={message.sentences}
                notReady={message.not_ready}
                unread={message.left_out}
                onOpenCitation={(number) => {
                  if (message.run_id !== null) onOpenCitation(message.run_id, number);
                }}
                footer={
                  message.status === 'done' ? (
                    <ChargeLine
                      charge={message.charge}
                      proofId={message.proof_id}
                      unsupported={message.sentences.filter(({ supported }) => !supported).length}
                      onOpenProof={onOpenProof}
                    />
                  ) : message.status === 'waiting' && message.run_id !== null ? (
                    waiting(message.run_id)
                  ) : (
                    <p className={classes.ended}>
                      {message.status === 'cancelled'
                        ? 'Stopped. Nothing was charged.'
                        : message.status === 'running'
                          ? 'Being answered.'
                          : 'There was no answer. Nothing was charged.'}
                    </p>
                  )
                }
              />
            ),
          )}
          {turn !== null && (
            <>
              <Question>{turn.question}</Question>
              {turn.problem === null ? (
                <Answer
                  answer={turn.answer}
                  citations={turn.citations}
                  sentences={turn.sentences}
                  notReady={turn.notReady}
                  unread={turn.unread}
                  ahead={turn.ahead}
                  isWriting={isBusy}
                  step={turn.step}
                  onOpenCitation={(number) => {
                    if (turn.runId !== null) onOpenCitation(turn.runId, number);
                  }}
                  footer={
                    turn.charge === null ? null : (
                      <ChargeLine
                        charge={turn.charge}
                        proofId={turn.proofId}
                        unsupported={turn.sentences.filter(({ supported }) => !supported).length}
                        onOpenProof={onOpenProof}
                      />
                    )
                  }
                />
              ) : turn.problem.needsLicense ? (
                <section aria-label="Offers" className={classes.offers}>
                  <p className={classes.detail}>{turn.problem.detail}</p>
                  {offers(retry)}
                </section>
              ) : (
                <Trouble title={turn.problem.title} detail={turn.problem.detail}>
                  <div className={classes.again}>
                    <button type="button" onClick={retry}>
                      Ask again
                    </button>
                    <button type="button" onClick={dismiss}>
                      Dismiss
                    </button>
                  </div>
                </Trouble>
              )}
            </>
          )}
        </div>
      </div>
      <Composer
        value={question}
        onChange={setQuestion}
        isBusy={isBusy}
        onSend={() => send(question)}
        onStop={stop}
        note={note}
      />
    </div>
  );
}

function withoutTurn(chat: Chat, question: string): Chat['messages'] {
  const last = chat.messages.findLastIndex(({ role, content }) => role === 'user' && content === question);
  return last >= 0 && last >= chat.messages.length - 2 ? chat.messages.slice(0, last) : chat.messages;
}
