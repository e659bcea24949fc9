/** The graph document that a person draws, and the edits one can make to it. Values in, new values out. */
import type { NodeKind } from '~/api/types';

export interface Position {
  x: number;
  y: number;
}

/** What becomes of a step that fails. A step without it ends the run. */
export interface OnError {
  /** How often it is tried again after the first time. */
  retries: number;
  pause_s: number;
  then: 'fail' | 'default' | 'branch';
  default: string;
}

export const NO_PLAN: OnError = { retries: 0, pause_s: 1, then: 'fail', default: '' };

export interface GraphNode {
  id: string;
  kind: string;
  version: number;
  title: string;
  settings: Record<string, unknown>;
  on_error?: OnError;
  /** The most seconds that one try may take. */
  time_limit_s?: number;
  /** The step that it is drawn inside; its position is then counted from there. */
  parent?: string;
  position: Position;
}

export interface SocketRef {
  node: string;
  socket: string;
}

export interface GraphEdge {
  id: string;
  source: SocketRef;
  target: SocketRef;
}

export interface Graph {
  schema: 'qanat/agent-graph@1';
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
}

export type NodeKinds = ReadonlyMap<string, NodeKind>;

/** A graph from what the server keeps; what is missing in a damaged draft is left empty. */
export function readGraph(document: unknown): Graph {
  const { nodes, edges } = (document ?? {}) as { nodes?: Partial<GraphNode>[]; edges?: GraphEdge[] };
  return {
    schema: 'qanat/agent-graph@1',
    nodes: (nodes ?? []).map((node, index) => ({
      id: node.id ?? `node-${index + 1}`,
      kind: node.kind ?? '',
      version: node.version ?? 1,
      title: node.title ?? '',
      settings: node.settings ?? {},
      ...(node.on_error !== undefined && { on_error: { ...NO_PLAN, ...node.on_error } }),
      ...(typeof node.time_limit_s === 'number' && { time_limit_s: node.time_limit_s }),
      ...(typeof node.parent === 'string' && { parent: node.parent }),
      position: { x: node.position?.x ?? index * 280, y: node.position?.y ?? 0 },
    })),
    edges: edges ?? [],
  };
}

/** The first free id of the form `name-1`. */
export function freeId(name: string, taken: Iterable<{ id: string }>): string {
  const ids = new Set([...taken].map(({ id }) => id));
  const base = name.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 40);
  for (let number = 1; ; number += 1) {
    const id = `${base}-${number}`;
    if (!ids.has(id)) return id;
  }
}

/** How a person knows a node: by its title, or else by its kind's. */
export function titleOf(node: Pick<GraphNode, 'title' | 'kind'>, kinds: NodeKinds): string {
  return node.title !== '' ? node.title : (kinds.get(node.kind)?.title ?? node.kind);
}

/** A new node of a kind with the settings that its schema gives by default. */
export function newNode(graph: Graph, kind: NodeKind, position: Position): GraphNode {
  const properties = (kind.settings_schema['properties'] ?? {}) as Record<string, { default?: unknown }>;
  const settings = Object.fromEntries(
    Object.entries(properties).flatMap(([name, { default: value }]) => (value === undefined ? [] : [[name, value]])),
  );
  return {
    id: freeId(kind.kind, graph.nodes),
    kind: kind.kind,
    version: kind.version,
    title: '',
    settings,
    position: { x: Math.round(position.x), y: Math.round(position.y) },
  };
}

export function addNode(graph: Graph, node: GraphNode): Graph {
  return { ...graph, nodes: [...graph.nodes, node] };
}

export function addEdge(graph: Graph, source: SocketRef, target: SocketRef): Graph {
  return { ...graph, edges: [...graph.edges, { id: freeId('edge', graph.edges), source, target }] };
}

/** Without these nodes, what is drawn inside them and these edges, and without edges that would dangle. */
export function remove(graph: Graph, ids: { nodes?: Iterable<string>; edges?: Iterable<string> }): Graph {
  const nodes = new Set(ids.nodes ?? []);
  for (let before = -1; before !== nodes.size; ) {
    before = nodes.size;
    for (const { id, parent } of graph.nodes) if (parent !== undefined && nodes.has(parent)) nodes.add(id);
  }
  const edges = new Set(ids.edges ?? []);
  return {
    ...graph,
    nodes: graph.nodes.filter(({ id }) => !nodes.has(id)),
    edges: graph.edges.filter(
      ({ id, source, target }) => !edges.has(id) && !nodes.has(source.node) && !nodes.has(target.node),
    ),
  };
}

export function changeNode(graph: Graph, id: string, change: Partial<Omit<GraphNode, 'id'>>): Graph {
  return { ...graph, nodes: graph.nodes.map((node) => (node.id === id ? { ...node, ...change } : node)) };
}

/** With another plan for what becomes of a step that fails; a branch that is given up takes its edges along. */
export function changePlan(graph: Graph, id: string, plan: OnError): Graph {
  const changed = changeNode(graph, id, { on_error: plan });
  if (plan.then === 'branch') return changed;
  return { ...changed, edges: changed.edges.filter(({ source }) => source.node !== id || source.socket !== 'error') };
}

/** With another time limit for one step, or with none. */
export function changeTimeLimit(graph: Graph, id: string, seconds: number | null): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => {
      if (node.id !== id) return node;
      const changed = { ...node };
      if (seconds === null) delete changed.time_limit_s;
      else changed.time_limit_s = seconds;
      return changed;
    }),
  };
}

/** A free place for a node added by a click: right of the rightmost one. */
export function freePlace(graph: Graph, widthOf: (node: GraphNode) => number = () => 236): Position {
  const outside = graph.nodes.filter(({ parent }) => parent === undefined);
  const [first] = outside;
  if (first === undefined) return { x: 0, y: 0 };
  const end = (node: GraphNode) => node.position.x + widthOf(node);
  const last = outside.reduce((right, node) => (end(node) > end(right) ? node : right), first);
  return { x: end(last) + 44, y: last.position.y };
}
