/** Steps that are drawn inside others: where they are, what an edge means there, and how large the frame around is. */
import type { Graph, GraphEdge, GraphNode, NodeKinds, Position } from './graph';

export interface Size {
  width: number;
  height: number;
}

/** What stands above the steps inside a frame, and beside them: its head, and the sockets that face inwards. */
export const FRAME = { head: 164, left: 148, right: 108, below: 36, least: { width: 560, height: 340 } } as const;
const STEP: Size = { width: 236, height: 150 };

/** The steps around a step, innermost first. */
export function aroundOf(graph: Graph, nodeId: string): string[] {
  const found: string[] = [];
  let node = graph.nodes.find(({ id }) => id === nodeId);
  while (node?.parent !== undefined && !found.includes(node.parent)) {
    const { parent } = node;
    node = graph.nodes.find(({ id }) => id === parent);
    if (node !== undefined) found.push(parent);
  }
  return found;
}

export function isFrame(node: GraphNode, kinds: NodeKinds): boolean {
  return (kinds.get(node.kind)?.body ?? null) !== null;
}

/** The frames that a step may be in: all but itself and those inside it. */
export function framesFor(graph: Graph, kinds: NodeKinds, nodeId: string): GraphNode[] {
  return graph.nodes.filter(
    (node) => isFrame(node, kinds) && node.id !== nodeId && !aroundOf(graph, node.id).includes(nodeId),
  );
}

type Ends = Pick<GraphEdge, 'source' | 'target'>;

/** Inside which step an edge begins and arrives; null is the agent itself. */
export function scopesOf(graph: Graph, kinds: NodeKinds, { source, target }: Ends): { begins: string | null; arrives: string | null } {
  const from = graph.nodes.find(({ id }) => id === source.node);
  const to = graph.nodes.find(({ id }) => id === target.node);
  const isInner = (node: GraphNode | undefined, side: 'begins' | 'ends', socket: string) =>
    node !== undefined && (kinds.get(node.kind)?.body?.[side].some(({ name }) => name === socket) ?? false);
  return {
    begins: isInner(from, 'begins', source.socket) ? source.node : (from?.parent ?? null),
    arrives: isInner(to, 'ends', target.socket) ? target.node : (to?.parent ?? null),
  };
}

/** Whether what begins there can be had where the edge arrives: in the same place, or farther inside; a round is ended from inside. */
export function fits(graph: Graph, kinds: NodeKinds, edge: Ends): boolean {
  const { begins, arrives } = scopesOf(graph, kinds, edge);
  if (arrives === edge.target.node) return begins === arrives;
  return begins === null || begins === arrives || (arrives !== null && aroundOf(graph, arrives).includes(begins));
}

/** The graph with a step inside another, or out of all (null), and without the edges that no longer fit. */
export function moveInside(graph: Graph, kinds: NodeKinds, nodeId: string, parent: string | null, position: Position): Graph {
  const nodes = graph.nodes.map((node) => {
    if (node.id !== nodeId) return node;
    const moved = { ...node, position };
    delete moved.parent;
    return parent === null ? moved : { ...moved, parent };
  });
  const changed = { ...graph, nodes };
  return { ...changed, edges: changed.edges.filter((edge) => fits(changed, kinds, edge)) };
}

/** How large each frame must be for what is inside, given the sizes of the steps as far as they are known. */
export function frameSizes(graph: Graph, kinds: NodeKinds, known: ReadonlyMap<string, Size>): Map<string, Size> {
  const sizes = new Map<string, Size>();
  function sizeOf(node: GraphNode, depth: number): Size {
    if (!isFrame(node, kinds)) return known.get(node.id) ?? STEP;
    const done = sizes.get(node.id);
    if (done !== undefined || depth > 8) return done ?? FRAME.least;
    const size = { ...FRAME.least } as Size;
    for (const inner of graph.nodes) {
      if (inner.parent !== node.id) continue;
      const { width, height } = sizeOf(inner, depth + 1);
      size.width = Math.max(size.width, inner.position.x + width + FRAME.right);
      size.height = Math.max(size.height, inner.position.y + height + FRAME.below);
    }
    sizes.set(node.id, size);
    return size;
  }
  for (const node of graph.nodes) if (isFrame(node, kinds)) sizeOf(node, 0);
  return sizes;
}

/** Where a step is on the canvas, whatever it is inside of. */
export function placeOf(graph: Graph, node: GraphNode): Position {
  return aroundOf(graph, node.id).reduce(
    (place, id) => {
      const around = graph.nodes.find((other) => other.id === id);
      return { x: place.x + (around?.position.x ?? 0), y: place.y + (around?.position.y ?? 0) };
    },
    { ...node.position },
  );
}

/** The innermost frame at a place on the canvas among those allowed; null where there is none. */
export function frameAt(graph: Graph, frames: readonly GraphNode[], sizes: ReadonlyMap<string, Size>, { x, y }: Position): GraphNode | null {
  const there = frames.filter((frame) => {
    const place = placeOf(graph, frame);
    const { width, height } = sizes.get(frame.id) ?? FRAME.least;
    return x >= place.x && x <= place.x + width && y >= place.y && y <= place.y + height;
  });
  return there.reduce<GraphNode | null>(
    (best, frame) => (best === null || aroundOf(graph, frame.id).length > aroundOf(graph, best.id).length ? frame : best),
    null,
  );
}

/** A place inside a frame as counted from the frame, clear of its head and its inner sockets. */
export function placeInside(graph: Graph, frame: GraphNode, place: Position): Position {
  const origin = placeOf(graph, frame);
  return { x: Math.max(FRAME.left, Math.round(place.x - origin.x)), y: Math.max(FRAME.head, Math.round(place.y - origin.y)) };
}

/** A free place in a frame for a step added by a click: right of the rightmost one. */
export function freePlaceInside(graph: Graph, frame: GraphNode, sizes: ReadonlyMap<string, Size>): Position {
  const inner = graph.nodes.filter(({ parent }) => parent === frame.id);
  const ends = inner.map((node) => node.position.x + (sizes.get(node.id)?.width ?? STEP.width) + 44);
  return { x: Math.max(FRAME.left, ...ends), y: inner.at(-1)?.position.y ?? FRAME.head + 12 };
}

/** Parents before what is inside them, as the canvas wants it; otherwise in the graph's order. */
export function parentsFirst(graph: Graph): GraphNode[] {
  const depth = new Map(graph.nodes.map(({ id }) => [id, aroundOf(graph, id).length]));
  return graph.nodes.toSorted((a, b) => (depth.get(a.id) ?? 0) - (depth.get(b.id) ?? 0));
}
