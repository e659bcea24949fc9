/** Reads the trace of a run, and how two runs beside each other differ. */
import type { Trace, TraceStep } from '~/api/types';

/** Steps of a run in their order; of one that is beside another, the one of the same node. */
export function stepAt(trace: Trace | undefined, nodeId: string): TraceStep | undefined {
  return trace?.steps.findLast((step) => step.node_id === nodeId);
}

/** Whether a step handed on something else than the same step of another run; a step that only one has differs. */
export function differs(step: TraceStep, other: TraceStep | undefined): boolean {
  return other === undefined || JSON.stringify(step.output) !== JSON.stringify(other.output);
}

/** What the models of a step read and wrote, over all times that it asked. */
export function tokensOf(step: Pick<TraceStep, 'models'>): { read: number; written: number } {
  return step.models.reduce(
    (sum, { prompt_tokens, completion_tokens }) => ({ read: sum.read + prompt_tokens, written: sum.written + completion_tokens }),
    { read: 0, written: 0 },
  );
}

const STAGES = [
  ['keyword', 'by words'],
  ['vector', 'by meaning'],
  ['fused', 'together'],
  ['rerank', 'read again'],
] as const;

/** The places that the stages of a search gave a passage, in words; empty where it carries none. */
export function ranksInWords(passage: unknown): string {
  const ranks = ((passage ?? {}) as { ranks?: Record<string, unknown> }).ranks ?? {};
  return STAGES.flatMap(([stage, words]) => (typeof ranks[stage] === 'number' ? [`${words} no. ${ranks[stage]}`] : [])).join(', ');
}
