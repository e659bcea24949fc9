/** The canvas: the drawn graph with its history, what is selected, what is saved, and the last run. */
import {
  applyEdgeChanges,
  applyNodeChanges,
  type Edge,
  type EdgeChange,
  type Node,
  type NodeChange,
} from '@xyflow/react';
import { create } from 'zustand';

import type { ModelChoice, NodeKind } from '~/api/types';

import * as graphs from './graph';
import type { Graph, GraphNode, NodeKinds, Position, SocketRef } from './graph';
import { frameAt, frameSizes, framesFor, freePlaceInside, isFrame, moveInside, parentsFirst, placeInside, placeOf, aroundOf, type Size } from './inside';
import { begin, edit, redo, undo, type History } from './history';
import { NO_RUN, type RunView } from './run-view';

export type FlowNode = Node<{ node: GraphNode }, 'step' | 'frame'>;
export type FlowEdge = Edge;

/** An agent that a step may run. */
export interface AgentChoice {
  slug: string;
  name: string;
  /** The number of its newest version. */
  version: number;
  isMine: boolean;
  /** What one answer costs whoever draws the step, in the currency's smallest unit. */
  cost: number;
}

export interface Problem {
  node_id: string | null;
  edge_id: string | null;
  code: string;
  message: string;
}

export type SaveState =
  | { state: 'saved' }
  | { state: 'waiting' }
  | { state: 'saving' }
  | { state: 'failed'; error: unknown }
  | { state: 'conflict' };

interface EditorState {
  agentId: string | null;
  kinds: NodeKinds;
  history: History<Graph>;
  /** What React Flow draws: the present graph with sizes and selection. */
  nodes: FlowNode[];
  edges: FlowEdge[];
  selectedId: string | null;
  problems: readonly Problem[];
  revision: number;
  /** Counts edits, so that a save knows whether more came while it was under way. */
  edits: number;
  save: SaveState;
  run: RunView;
  /** The names of one's vaults, for the steps that search them. */
  vaultNames: ReadonlyMap<string, string>;
  /** What steps that ask a model may choose. */
  models: readonly ModelChoice[];
  /** The agents that a step may run: one's own, and those one has a license for. */
  agents: readonly AgentChoice[];
  /** The node that the view should move to, and a count so that asking twice moves twice. */
  focus: { nodeId: string; count: number } | null;

  open: (agent: { id: string; graph: unknown; revision: number; problems: readonly Problem[] }, kinds: readonly NodeKind[]) => void;
  change: (next: Graph, about?: string) => void;
  /** Adds a step: at a place, inside the frame that is there, or where there is room beside what is selected. */
  add: (kind: NodeKind, position?: Position) => void;
  /** Puts a step inside another one, or with null out of all. */
  putInside: (nodeId: string, parent: string | null) => void;
  connect: (source: SocketRef, target: SocketRef) => void;
  remove: (ids: { nodes?: Iterable<string>; edges?: Iterable<string> }) => void;
  undo: () => void;
  redo: () => void;
  select: (nodeId: string | null) => void;
  lookAt: (nodeId: string) => void;
  onNodesChange: (changes: NodeChange<FlowNode>[]) => void;
  onEdgesChange: (changes: EdgeChange<FlowEdge>[]) => void;
  /** Takes the places that nodes were dragged to into the graph, as one step of history. */
  takePositions: () => void;
  setSave: (save: SaveState) => void;
  saved: (result: { revision: number; problems: readonly Problem[] }) => void;
  setRun: (run: RunView) => void;
}

const EMPTY: Graph = { schema: 'qanat/agent-graph@1', nodes: [], edges: [] };

/** Sizes and identity of nodes that did not change are kept, so that only changed ones draw again. */
function drawNodes(graph: Graph, kinds: NodeKinds, before: readonly FlowNode[], selectedId: string | null): FlowNode[] {
  const known = new Map(before.map((drawn) => [drawn.id, drawn]));
  const frames = frameSizes(graph, kinds, measured(before));
  const ids = new Set(graph.nodes.map(({ id }) => id));
  return parentsFirst(graph).map((node) => {
    const drawn = known.get(node.id);
    const selected = node.id === selectedId;
    const frame = frames.get(node.id);
    const parentId = node.parent !== undefined && ids.has(node.parent) ? node.parent : undefined;
    if (
      drawn?.data.node === node &&
      drawn.position === node.position &&
      drawn.selected === selected &&
      drawn.parentId === parentId &&
      drawn.width === frame?.width &&
      drawn.height === frame?.height
    ) {
      return drawn;
    }
    return {
      ...(drawn?.measured !== undefined && { measured: drawn.measured }),
      ...(parentId !== undefined && { parentId }),
      ...frame,
      id: node.id,
      type: frame === undefined ? 'step' : 'frame',
      position: node.position,
      selected,
      data: { node },
    };
  });
}

/** The sizes of the nodes as far as they were drawn before. */
function measured(nodes: readonly FlowNode[]): Map<string, Size> {
  return new Map(
    nodes.flatMap(({ id, measured: size }) =>
      size?.width === undefined || size.height === undefined ? [] : [[id, { width: size.width, height: size.height }]],
    ),
  );
}

function drawEdges(graph: Graph): FlowEdge[] {
  return graph.edges.map(({ id, source, target }) => ({
    id,
    source: source.node,
    sourceHandle: source.socket,
    target: target.node,
    targetHandle: target.socket,
  }));
}

/** Where a click on the palette adds: into an empty frame that is chosen, or beside the chosen step inside one. */
function chosenFrame(graph: Graph, kinds: NodeKinds, selectedId: string | null): GraphNode | null {
  const chosen = graph.nodes.find(({ id }) => id === selectedId);
  if (chosen === undefined) return null;
  if (isFrame(chosen, kinds) && !graph.nodes.some(({ parent }) => parent === chosen.id)) return chosen;
  const [around] = aroundOf(graph, chosen.id);
  return graph.nodes.find(({ id }) => id === around) ?? null;
}

export const useEditor = create<EditorState>()((set, get) => {
  function show(history: History<Graph>, selectedId: string | null = get().selectedId): void {
    const exists = history.present.nodes.some(({ id }) => id === selectedId);
    const kept = exists ? selectedId : null;
    set((state) => ({
      history,
      selectedId: kept,
      nodes: drawNodes(history.present, state.kinds, state.nodes, kept),
      edges: drawEdges(history.present),
      edits: state.edits + 1,
      save: state.save.state === 'conflict' ? state.save : { state: 'waiting' },
    }));
  }

  return {
    agentId: null,
    kinds: new Map(),
    history: begin(EMPTY),
    nodes: [],
    edges: [],
    selectedId: null,
    problems: [],
    revision: 0,
    edits: 0,
    save: { state: 'saved' },
    run: NO_RUN,
    vaultNames: new Map(),
    models: [],
    agents: [],
    focus: null,

    open(agent, kinds) {
      const graph = graphs.readGraph(agent.graph);
      const palette = new Map(kinds.map((kind) => [kind.kind, kind]));
      set({
        agentId: agent.id,
        kinds: palette,
        history: begin(graph),
        nodes: drawNodes(graph, palette, [], null),
        edges: drawEdges(graph),
        selectedId: null,
        problems: agent.problems,
        revision: agent.revision,
        edits: 0,
        save: { state: 'saved' },
        run: NO_RUN,
        focus: null,
      });
    },
    change(next, about) {
      show(edit(get().history, next, { at: Date.now(), ...(about !== undefined && { about }) }));
    },
    add(kind, position) {
      const { history, kinds, nodes, selectedId } = get();
      const graph = history.present;
      const sizes = frameSizes(graph, kinds, measured(nodes));
      let frame: GraphNode | null = null;
      if (kind.goes_inside) {
        frame = position === undefined ? chosenFrame(graph, kinds, selectedId) : frameAt(graph, graph.nodes.filter((node) => isFrame(node, kinds)), sizes, position);
      }
      const widths = (node: GraphNode) => (sizes.get(node.id) ?? measured(nodes).get(node.id))?.width ?? 236;
      let place = position ?? graphs.freePlace(graph, widths);
      if (frame !== null) place = position === undefined ? freePlaceInside(graph, frame, new Map([...measured(nodes), ...sizes])) : placeInside(graph, frame, position);
      const node = graphs.newNode(graph, kind, place);
      const added = frame === null ? node : { ...node, parent: frame.id };
      show(edit(history, graphs.addNode(graph, added), { at: Date.now() }), node.id);
      if (position === undefined) get().lookAt(node.id);
    },
    putInside(nodeId, parent) {
      const { history, kinds, nodes } = get();
      const graph = history.present;
      const node = graph.nodes.find(({ id }) => id === nodeId);
      const frame = graph.nodes.find(({ id }) => id === parent);
      if (node === undefined) return;
      const sizes = new Map([...measured(nodes), ...frameSizes(graph, kinds, measured(nodes))]);
      const outside = { x: placeOf(graph, node).x, y: placeOf(graph, node).y - 220 };
      const place = frame === undefined ? outside : freePlaceInside(graph, frame, sizes);
      show(edit(history, moveInside(graph, kinds, nodeId, parent, place), { at: Date.now() }));
      get().lookAt(nodeId);
    },
    connect(source, target) {
      const { history } = get();
      show(edit(history, graphs.addEdge(history.present, source, target), { at: Date.now() }));
    },
    remove(ids) {
      const { history } = get();
      show(edit(history, graphs.remove(history.present, ids), { at: Date.now() }));
    },
    undo() {
      const { history } = get();
      if (history.past.length > 0) show(undo(history));
    },
    redo() {
      const { history } = get();
      if (history.future.length > 0) show(redo(history));
    },
    select(nodeId) {
      set((state) => ({ selectedId: nodeId, nodes: drawNodes(state.history.present, state.kinds, state.nodes, nodeId) }));
    },
    lookAt(nodeId) {
      get().select(nodeId);
      set((state) => ({ focus: { nodeId, count: (state.focus?.count ?? 0) + 1 } }));
    },
    onNodesChange(changes) {
      // Removing is an edit of the graph and comes through `remove`; frames are as large as what is inside them.
      const kept = changes.filter(({ type }) => type !== 'remove');
      const { history, kinds, nodes: before } = get();
      let nodes = applyNodeChanges(kept, before);
      if (kept.some(({ type }) => type === 'dimensions')) {
        const frames = frameSizes(history.present, kinds, measured(nodes));
        nodes = nodes.map((node) => {
          const size = frames.get(node.id);
          return size === undefined || (size.width === node.width && size.height === node.height) ? node : { ...node, ...size };
        });
      }
      if (!kept.some(({ type }) => type === 'select')) {
        set({ nodes });
        return;
      }
      const selected = nodes.filter((node) => node.selected === true);
      set({ nodes, selectedId: selected.length === 1 ? (selected[0]?.id ?? null) : null });
    },
    onEdgesChange(changes) {
      set((state) => ({ edges: applyEdgeChanges(changes.filter(({ type }) => type !== 'remove'), state.edges) }));
    },
    takePositions() {
      const { history, nodes, kinds } = get();
      const graph = history.present;
      const places = new Map(nodes.map(({ id, position }) => [id, position]));
      const moved = graph.nodes.map((node) => {
        const place = places.get(node.id) ?? node.position;
        const position = { x: Math.round(place.x), y: Math.round(place.y) };
        if (position.x === node.position.x && position.y === node.position.y) return node;
        return { ...node, position };
      });
      const dropped = moved.filter((node, index) => node !== graph.nodes[index]);
      if (dropped.length === 0) return;
      // Where its middle lies decides whether a step goes into a frame, or out of the one it was in.
      const known = measured(nodes);
      const sizes = frameSizes(graph, kinds, known);
      let next: Graph = { ...graph, nodes: moved };
      for (const node of dropped) {
        const { width, height } = sizes.get(node.id) ?? known.get(node.id) ?? { width: 236, height: 120 };
        const place = placeOf(next, node);
        const mayGoInside = kinds.get(node.kind)?.goes_inside ?? true;
        const frames = mayGoInside ? framesFor(next, kinds, node.id) : [];
        const frame = frameAt(next, frames, sizes, { x: place.x + width / 2, y: place.y + height / 2 });
        if (frame !== null) next = moveInside(next, kinds, node.id, frame.id, placeInside(next, frame, place));
        else if (node.parent !== undefined) next = moveInside(next, kinds, node.id, null, place);
      }
      show(edit(history, next, { at: Date.now() }));
    },
    setSave(save) {
      set({ save });
    },
    saved({ revision, problems }) {
      set({ revision, problems, save: { state: 'saved' } });
    },
    setRun(run) {
      set({ run });
    },
  };
});
