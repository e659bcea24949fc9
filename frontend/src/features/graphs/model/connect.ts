/** Which sockets may be joined, and why two may not. The server checks the same; this is to say it at once. */
import type { NodeKind, Socket } from '~/api/types';

import { titleOf, type Graph, type GraphNode, type NodeKinds, type SocketRef } from './graph';

type SocketType = string;

const WORDS: ReadonlySet<SocketType> = new Set(['question', 'text', 'answer', 'values']);
const NAMES: Readonly<Record<SocketType, string>> = {
  question: 'a question',
  text: 'a text',
  passages: 'passages',
  answer: 'an answer',
  values: 'named values',
  any: 'anything',
};

/** What a socket of this type carries, as one says it. */
export function typeInWords(type: SocketType): string {
  return NAMES[type] ?? type;
}

/** A question, a text, an answer and named values are all words, so each fits where words are wanted. */
export function accepts(wanted: SocketType, offered: SocketType): boolean {
  return (
    wanted === offered ||
    wanted === 'any' ||
    offered === 'any' ||
    ((wanted === 'question' || wanted === 'text') && WORDS.has(offered))
  );
}

/** The type that leaves a socket, seen through nodes that pass a value on. */
export function typeFrom(graph: Graph, kinds: NodeKinds, from: SocketRef): SocketType {
  let at = from;
  for (let steps = 0; steps <= graph.nodes.length; steps += 1) {
    const socket = findSocket(graph, kinds, at, 'outputs');
    if (socket === undefined) return 'any';
    const passes = socket.passes ?? null;
    if (passes === null) return socket.type;
    const { node } = at;
    const arriving = graph.edges.find(({ target }) => target.node === node && target.socket === passes);
    if (arriving === undefined) return 'any';
    at = arriving.source;
  }
  return 'any';
}

/** The output that a step gets for its failures when its builder wants another branch for them. */
const ERROR: Socket = { name: 'error', title: 'If it fails', type: 'text' };

/** What leaves a step: what its kind gives, and the branch for failures where there is one. */
export function outputsOf(node: GraphNode, kind: NodeKind | undefined): readonly Socket[] {
  const outputs = [...rowOutputs(node, kind), ...(kind?.outputs ?? [])];
  return node.on_error?.then === 'branch' ? [...outputs, ERROR] : outputs;
}

function rowOutputs(node: GraphNode, kind: NodeKind | undefined): Socket[] {
  const from = kind?.outputs_from ?? null;
  const rows = from === null ? [] : node.settings[from.setting];
  if (from === null || !Array.isArray(rows)) return [];
  return (rows as { id?: unknown; name?: unknown }[]).flatMap(({ id, name }) =>
    typeof id === 'string'
      ? [{ name: id, title: typeof name === 'string' && name !== '' ? name : id, type: from.type, passes: from.passes }]
      : [],
  );
}

/** Without edges from outputs that one step no longer has. */
export function withoutLooseEdges(graph: Graph, kinds: NodeKinds, nodeId: string): Graph {
  const node = graph.nodes.find(({ id }) => id === nodeId);
  if (node === undefined) return graph;
  const names = new Set(outputsOf(node, kinds.get(node.kind)).map(({ name }) => name));
  const edges = graph.edges.filter(({ source }) => source.node !== nodeId || names.has(source.socket));
  return edges.length === graph.edges.length ? graph : { ...graph, edges };
}

export function findSocket(
  graph: Graph,
  kinds: NodeKinds,
  { node, socket }: SocketRef,
  side: 'inputs' | 'outputs',
): Socket | undefined {
  const found = graph.nodes.find(({ id }) => id === node);
  if (found === undefined) return undefined;
  const sockets = side === 'inputs' ? (kinds.get(found.kind)?.inputs ?? []) : outputsOf(found, kinds.get(found.kind));
  return sockets.find(({ name }) => name === socket);
}

/** `null` when an edge may lead from the output to the input, or else why not, in words. */
export function canConnect(graph: Graph, kinds: NodeKinds, from: SocketRef, to: SocketRef): string | null {
  const source = graph.nodes.find(({ id }) => id === from.node);
  const target = graph.nodes.find(({ id }) => id === to.node);
  const output = findSocket(graph, kinds, from, 'outputs');
  const input = findSocket(graph, kinds, to, 'inputs');
  if (source === undefined || target === undefined || output === undefined || input === undefined) {
    return 'Draw from an output on the right of a step to an input on the left of another.';
  }
  if (source.id === target.id) return 'A step cannot wait for itself.';
  if (
    graph.edges.some(
      (edge) =>
        edge.source.node === from.node &&
        edge.source.socket === from.socket &&
        edge.target.node === to.node &&
        edge.target.socket === to.socket,
    )
  ) {
    return 'These two are connected already.';
  }
  const offered = typeFrom(graph, kinds, from);
  if (!accepts(input.type, offered)) {
    return `“${titleOf(source, kinds)}” hands on ${typeInWords(offered)}, but “${input.title}” of “${titleOf(target, kinds)}” takes ${typeInWords(input.type)}.`;
  }
  if (leadsTo(graph, target.id, source.id)) {
    return `“${titleOf(target, kinds)}” comes before “${titleOf(source, kinds)}”: they would wait for each other for ever.`;
  }
  return null;
}

/** Whether following edges from one node reaches the other. */
function leadsTo(graph: Graph, from: string, to: string): boolean {
  const seen = new Set<string>();
  const waiting = [from];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node === to) return true;
    if (seen.has(node)) continue;
    seen.add(node);
    for (const edge of graph.edges) if (edge.source.node === node) waiting.push(edge.target.node);
  }
  return false;
}
