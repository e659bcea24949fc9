/** What the editor knows of a run, gathered event by event. */
import type { RunEvent } from '~/api/events';
import type { Citation, NotReady, Sentence, Unread } from '~/api/types';

export interface StepView {
  nodeId: string;
  kind: string;
  title: string;
  state: 'running' | 'done' | 'failed';
  tookMs: number | null;
  /** Why it was tried again, or what stood in for what it could not give; in the order in which it happened. */
  troubles: readonly string[];
  output: unknown;
  detail: unknown;
}

export interface RunView {
  state: 'idle' | 'running' | 'finished' | 'failed' | 'cancelled';
  question: string;
  runId: string | null;
  steps: readonly StepView[];
  answer: string;
  citations: readonly Citation[];
  sentences: readonly Sentence[];
  notReady: NotReady;
  unread: Unread;
  /** How many answers are written before this one, where the model is busy. */
  ahead: number;
  usage: Readonly<Record<string, unknown>> | null;
  problem: { nodeId: string | null; message: string } | null;
}

export const NO_RUN: RunView = {
  state: 'idle',
  question: '',
  runId: null,
  steps: [],
  answer: '',
  citations: [],
  sentences: [],
  notReady: { count: 0, documents: [] },
  unread: { count: 0, passages: [] },
  ahead: 0,
  usage: null,
  problem: null,
};

export function startRun(question: string): RunView {
  return { ...NO_RUN, state: 'running', question };
}

export function after(run: RunView, { event, data }: RunEvent): RunView {
  switch (event) {
    case 'run.started':
      return { ...run, runId: data.run_id };
    case 'run.waiting':
      return { ...run, ahead: data.ahead };
    case 'node.started':
      return {
        ...run,
        steps: [
          ...run.steps,
          { nodeId: data.node_id, kind: data.kind, title: data.title, state: 'running', tookMs: null, troubles: [], output: null, detail: null },
        ],
      };
    case 'node.retried':
      return troubled(run, data.node_id, `${data.message} Trying again (try ${data.attempt}).`);
    case 'node.recovered':
      return troubled(
        run,
        data.node_id,
        `${data.message} ${data.by === 'default' ? 'Its default value was used.' : 'The branch “If it fails” was taken.'}`,
      );
    case 'node.finished':
      return {
        ...run,
        steps: run.steps.map((step) =>
          step.nodeId === data.node_id && step.state === 'running'
            ? { ...step, state: 'done', tookMs: data.took_ms, output: data.output, detail: data.detail }
            : step,
        ),
      };
    case 'answer.delta':
      return { ...run, answer: run.answer + data.text };
    case 'run.finished':
      return {
        ...run,
        state: 'finished',
        answer: data.answer,
        citations: data.citations,
        sentences: data.sentences,
        notReady: data.not_ready,
        unread: data.left_out,
        usage: data.usage,
      };
    case 'run.failed':
      return {
        ...run,
        state: 'failed',
        problem: { nodeId: data.node_id, message: data.message },
        steps: run.steps.map((step) => (step.state === 'running' ? { ...step, state: 'failed' } : step)),
      };
    case 'run.cancelled':
      return stopped(run);
    case 'charge':
      return run;
  }
}

function troubled(run: RunView, nodeId: string, words: string): RunView {
  return {
    ...run,
    steps: run.steps.map((step) =>
      step.nodeId === nodeId && step.state === 'running' ? { ...step, troubles: [...step.troubles, words] } : step,
    ),
  };
}

/** The run as it stands when it was stopped or its stream broke off. */
export function stopped(run: RunView): RunView {
  return { ...run, state: 'cancelled', steps: run.steps.filter(({ state }) => state !== 'running') };
}

export function stepOf(run: RunView, nodeId: string): StepView | undefined {
  return run.steps.findLast((step) => step.nodeId === nodeId);
}
