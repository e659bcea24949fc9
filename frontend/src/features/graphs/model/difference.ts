/** Marks for drawing two graphs beside each other: what came, went, changed and moved. */
import type { Difference } from '~/api/types';

export type Mark = 'added' | 'removed' | 'changed' | 'moved';

/** What each step of one of the two graphs is marked with; steps that are the same are left out. */
export function marksOf({ steps }: Pick<Difference, 'steps'>, side: 'before' | 'after'): ReadonlyMap<string, Mark> {
  const hidden = side === 'before' ? 'added' : 'removed';
  return new Map(steps.filter(({ change }) => change !== hidden).map(({ node_id, change }) => [node_id, change]));
}

/** In one sentence, how much differs. */
export function summaryOf({ steps, edges }: Pick<Difference, 'steps' | 'edges'>): string {
  const count = (mark: Mark): number => steps.filter(({ change }) => change === mark).length;
  const parts = (
    [
      ['changed', 'changed'],
      ['added', 'added'],
      ['removed', 'removed'],
      ['moved', 'moved'],
    ] as const
  ).flatMap(([mark, word]) => (count(mark) > 0 ? [`${count(mark)} ${count(mark) === 1 ? 'step' : 'steps'} ${word}`] : []));
  if (edges.length > 0) parts.push(`${edges.length} ${edges.length === 1 ? 'connection' : 'connections'} different`);
  return parts.length === 0 ? 'Nothing differs.' : `${parts.join(', ')}.`;
}
