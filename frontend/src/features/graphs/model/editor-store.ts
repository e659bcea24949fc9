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
import { begin, edit, redo, undo, type History } from './history';
import { NO_RUN, type RunView } from './run-view';

export type FlowNode = Node<{ node: GraphNode }, 'step'>;
export type FlowEdge = Edge;

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
  /** The node that the view should move to, and a count so that asking twice moves twice. */
  focus: { nodeId: string; count: number } | null;

  open: (agent: { id: string; graph: unknown; revision: number; problems: readonly Problem[] }, kinds: readonly NodeKind[]) => void;
  change: (next: Graph, about?: string) => void;
  add: (kind: NodeKind, position?: Position) => void;
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
function drawNodes(graph: Graph, before: readonly FlowNode[], selectedId: string | null): FlowNode[] {
  const known = new Map(before.map((drawn) => [drawn.id, drawn]));
  return graph.nodes.map((node) => {
    const drawn = known.get(node.id);
    const selected = node.id === selectedId;
    if (drawn?.data.node === node && drawn.position === node.position && drawn.selected === selected) return drawn;
    return {
      ...(drawn?.measured !== undefined && { measured: drawn.measured }),
      id: node.id,
      type: 'step',
      position: node.position,
      selected,
      data: { node },
    };
  });
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

export const useEditor = create<EditorState>()((set, get) => {
  function show(history: History<Graph>, selectedId: string | null = get().selectedId): void {
    const exists = history.present.nodes.some(({ id }) => id === selectedId);
    const kept = exists ? selectedId : null;
    set((state) => ({
      history,
      selectedId: kept,
      nodes: drawNodes(history.present, state.nodes, kept),
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
    focus: null,

    open(agent, kinds) {
      const graph = graphs.readGraph(agent.graph);
      set({
        agentId: agent.id,
        kinds: new Map(kinds.map((kind) => [kind.kind, kind])),
        history: begin(graph),
        nodes: drawNodes(graph, [], null),
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
      const { history } = get();
      const node = graphs.newNode(history.present, kind, position ?? graphs.freePlace(history.present));
      show(edit(history, graphs.addNode(history.present, node), { at: Date.now() }), node.id);
      if (position === undefined) get().lookAt(node.id);
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
      set((state) => ({ selectedId: nodeId, nodes: drawNodes(state.history.present, state.nodes, nodeId) }));
    },
    lookAt(nodeId) {
      get().select(nodeId);
      set((state) => ({ focus: { nodeId, count: (state.focus?.count ?? 0) + 1 } }));
    },
    onNodesChange(changes) {
      // Removing is an edit of the graph and comes through `remove`.
      const kept = changes.filter(({ type }) => type !== 'remove');
      const nodes = applyNodeChanges(kept, get().nodes);
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
      const { history, nodes } = get();
      const places = new Map(nodes.map(({ id, position }) => [id, position]));
      const next = history.present.nodes.map((node) => {
        const place = places.get(node.id) ?? node.position;
        const position = { x: Math.round(place.x), y: Math.round(place.y) };
        if (position.x === node.position.x && position.y === node.position.y) return node;
        return { ...node, position };
      });
      if (next.some((node, index) => node !== history.present.nodes[index])) show(edit(history, { ...history.present, nodes: next }, { at: Date.now() }));
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
