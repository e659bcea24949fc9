/** A question under way and what has come of it so far. */
import type { RunEvent } from '~/api/events';
import type { ApiProblem } from '~/api/problem';
import type { Citation, NotReady, Sentence, Unread } from '~/api/types';

export interface Turn {
  question: string;
  state: 'asking' | 'writing' | 'waiting' | 'done' | 'failed' | 'stopped';
  runId: string | null;
  /** What the agent is doing, in the words of its author. */
  step: string | null;
  answer: string;
  citations: readonly Citation[];
  sentences: readonly Sentence[];
  notReady: NotReady;
  unread: Unread;
  /** How many answers are written before this one, where the model is busy. */
  ahead: number;
  charge: number | null;
  proofId: string | null;
  problem: { title: string; detail: string; needsLicense: boolean } | null;
}

export function ask(question: string): Turn {
  return {
    question,
    state: 'asking',
    runId: null,
    step: null,
    answer: '',
    citations: [],
    sentences: [],
    notReady: { count: 0, documents: [] },
    unread: { count: 0, passages: [] },
    ahead: 0,
    charge: null,
    proofId: null,
    problem: null,
  };
}

export function after(turn: Turn, { event, data }: RunEvent): Turn {
  switch (event) {
    case 'run.started':
      return { ...turn, runId: data.run_id };
    case 'run.waiting':
      return { ...turn, ahead: data.ahead };
    case 'node.started':
      return { ...turn, step: data.title };
    case 'node.retried':
    case 'node.recovered':
    case 'node.finished':
      return turn;
    case 'answer.delta':
      return { ...turn, state: 'writing', answer: turn.answer + data.text };
    case 'run.finished':
      return {
        ...turn,
        state: 'done',
        step: null,
        answer: data.answer,
        citations: data.citations,
        sentences: data.sentences,
        notReady: data.not_ready,
        unread: data.left_out,
        ahead: 0,
      };
    case 'run.parked':
      return { ...turn, state: 'waiting', step: null, ahead: 0 };
    case 'run.failed':
      return failed(turn, { title: 'There is no answer', detail: data.message });
    case 'run.cancelled':
      return stopped(turn);
    case 'charge':
      return { ...turn, charge: data.charge, proofId: data.proof_id };
  }
}

export function stopped(turn: Turn): Turn {
  return { ...turn, state: 'stopped', step: null };
}

export function failed(turn: Turn, problem: Pick<ApiProblem, 'title' | 'detail'> & { status?: number }): Turn {
  const { title, detail, status } = problem;
  return { ...turn, state: 'failed', step: null, problem: { title, detail, needsLicense: status === 402 } };
}

export function isUnderWay({ state }: Turn): boolean {
  return state === 'asking' || state === 'writing';
}
