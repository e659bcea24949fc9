/** What the editor knows of a run, gathered event by event. */
import type { Round, RunEvent } from '~/api/events';
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
  /** For a step inside others, which of their rounds it is in, outermost first. */
  inside: readonly Round[];
}

export interface RunView {
  state: 'idle' | 'running' | 'waiting' | 'finished' | 'failed' | 'cancelled';
  /** What people are asked, where the run waits for them. */
  asked: readonly string[];
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
  asked: [],
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
          { nodeId: data.node_id, kind: data.kind, title: data.title, state: 'running', tookMs: null, troubles: [], output: null, detail: null, inside: data.inside ?? [] },
        ],
      };
    case 'node.retried':
      return troubled(run, data.node_id, data.inside ?? [], `${data.message} Trying again (try ${data.attempt}).`);
    case 'node.recovered':
      if (data.by === 'left_out') return withoutRound(run, data.node_id, data.inside ?? [], data.message);
      return troubled(
        run,
        data.node_id,
        data.inside ?? [],
        `${data.message} ${data.by === 'default' ? 'Its default value was used.' : 'The branch “If it fails” was taken.'}`,
      );
    case 'node.finished':
      return {
        ...run,
        steps: run.steps.map((step) =>
          isAt(step, data.node_id, data.inside ?? []) && step.state === 'running'
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
    case 'run.parked':
      return { ...stopped(run), state: 'waiting', asked: data.asked.map(({ title }) => title) };
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

function isAt(step: StepView, nodeId: string, inside: readonly Round[]): boolean {
  return step.nodeId === nodeId && step.inside.length === inside.length && isWithin(step, inside);
}

/** Whether a step ran in a round, or in one inside that. */
export function isWithin(step: StepView, round: readonly Round[]): boolean {
  return round.every(({ node_id: node, number }, at) => step.inside[at]?.node_id === node && step.inside[at].number === number);
}

function troubled(run: RunView, nodeId: string, inside: readonly Round[], words: string): RunView {
  return {
    ...run,
    steps: run.steps.map((step) =>
      isAt(step, nodeId, inside) && step.state === 'running' ? { ...step, troubles: [...step.troubles, words] } : step,
    ),
  };
}

/** A round of the steps inside one failed, and the others go on. */
function withoutRound(run: RunView, nodeId: string, round: readonly Round[], message: string): RunView {
  const number = round.at(-1)?.number ?? 0;
  const failed = run.steps.map((step): StepView =>
    step.state === 'running' && step.inside.length >= round.length && isWithin(step, round) ? { ...step, state: 'failed', troubles: [...step.troubles, message] } : step,
  );
  return troubled({ ...run, steps: failed }, nodeId, round.slice(0, -1), `Number ${number} failed: ${message}`);
}

/** The run as it stands when it was stopped or its stream broke off. */
export function stopped(run: RunView): RunView {
  return { ...run, state: 'cancelled', steps: run.steps.filter(({ state }) => state !== 'running') };
}

export function stepOf(run: RunView, nodeId: string): StepView | undefined {
  return run.steps.findLast((step) => step.nodeId === nodeId);
}

/** How often a step ran: several times where it is inside others. */
export function timesOf(run: RunView, nodeId: string): number {
  return run.steps.filter((step) => step.nodeId === nodeId).length;
}

/** The rounds of the steps inside one step, each with the steps that ran in it. */
export function roundsOf(run: RunView, around: StepView): { number: number; steps: readonly StepView[] }[] {
  const depth = around.inside.length;
  const inner = run.steps.filter(
    (step) => step.inside.length === depth + 1 && isWithin(step, around.inside) && step.inside[depth]?.node_id === around.nodeId,
  );
  const rounds = new Map<number, StepView[]>();
  for (const step of inner) {
    const number = step.inside[depth]?.number ?? 0;
    rounds.set(number, [...(rounds.get(number) ?? []), step]);
  }
  return [...rounds].toSorted(([a], [b]) => a - b).map(([number, steps]) => ({ number, steps }));
}
