/** Which run a step can be run alone from: one that has what it takes in. */
import type { Graph } from './graph';

interface Result {
  run_id: string;
  at: string;
}

/**
 * The run in which the step ran last; else the newest in which a step straight before it ran; `null` where there is none.
 */
export function runToBeginFrom(graph: Graph, nodeId: string, results: Readonly<Record<string, Result>>): string | null {
  const own = results[nodeId];
  if (own !== undefined) return own.run_id;
  const before = graph.edges
    .filter(({ target }) => target.node === nodeId)
    .flatMap(({ source }) => results[source.node] ?? []);
  const newest = before.sort((one, other) => other.at.localeCompare(one.at))[0];
  return newest?.run_id ?? null;
}
