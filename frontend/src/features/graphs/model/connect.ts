/** Which sockets may be joined, and why two may not. The server checks the same; this is to say it at once. */
import type { NodeKind, Socket } from '~/api/types';

import { titleOf, type Graph, type GraphNode, type NodeKinds, type SocketRef } from './graph';
import { aroundOf, fits, scopesOf } from './inside';

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
  const kind = kinds.get(node.kind);
  const names = new Set([...outputsOf(node, kind), ...(kind?.body?.begins ?? [])].map(({ name }) => name));
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
  const kind = kinds.get(found.kind);
  const sockets =
    side === 'inputs'
      ? [...(kind?.inputs ?? []), ...(kind?.body?.ends ?? [])]
      : [...outputsOf(found, kind), ...(kind?.body?.begins ?? [])];
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
  const edge = { source: from, target: to };
  const { begins, arrives } = scopesOf(graph, kinds, edge);
  if (source.id === target.id && !(begins === source.id && arrives === source.id)) return 'A step cannot wait for itself.';
  if (!fits(graph, kinds, edge)) {
    if (arrives === target.id) return `“${input.title}” takes what the steps inside “${titleOf(target, kinds)}” lead back: put “${titleOf(source, kinds)}” inside first.`;
    const around = graph.nodes.find(({ id }) => id === begins);
    if (around === undefined) return 'What is inside a step cannot be had outside of it.';
    if (around.id === source.id) {
      return `Only the steps inside “${titleOf(source, kinds)}” can use “${output.title}”.`;
    }
    const ends = (kinds.get(around.kind)?.body?.ends ?? []).map(({ title }) => `“${title}”`).join(', ');
    return `“${titleOf(source, kinds)}” is inside “${titleOf(around, kinds)}”: lead it to ${ends} there, and draw on from the outputs of “${titleOf(around, kinds)}”.`;
  }
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
  const waiting = begins === source.id ? null : [target.id, ...aroundOf(graph, target.id)].find((id) => scopeOf(graph, id) === begins);
  if (waiting != null && arrives !== source.id && leadsTo(graph, kinds, waiting, source.id)) {
    return `“${titleOf(target, kinds)}” comes before “${titleOf(source, kinds)}”: they would wait for each other for ever.`;
  }
  return null;
}

function scopeOf(graph: Graph, id: string): string | null {
  return graph.nodes.find((node) => node.id === id)?.parent ?? null;
}

/** Whether following edges from one node reaches the other, both in the same scope. */
function leadsTo(graph: Graph, kinds: NodeKinds, from: string, to: string): boolean {
  const followers = new Map<string, string[]>();
  for (const edge of graph.edges) {
    const { begins, arrives } = scopesOf(graph, kinds, edge);
    if (begins === edge.source.node || (arrives === edge.target.node && begins === arrives)) continue;
    const waiting = [edge.target.node, ...aroundOf(graph, edge.target.node)].find((id) => scopeOf(graph, id) === begins);
    if (waiting !== undefined) followers.set(edge.source.node, [...(followers.get(edge.source.node) ?? []), waiting]);
  }
  const seen = new Set<string>();
  const open = [from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === to) return true;
    if (seen.has(node)) continue;
    seen.add(node);
    open.push(...(followers.get(node) ?? []));
  }
  return false;
}
