/** Where the graph is drawn. Everything that changes it goes through the store. */
import { useMantineColorScheme } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import {
  Background,
  BackgroundVariant,
  Controls,
  ReactFlow,
  useReactFlow,
  type Connection,
  type FinalConnectionState,
} from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useCallback, useEffect, useMemo, type DragEvent } from 'react';

import { canConnect } from '../model/connect';
import { useEditor, type FlowEdge, type FlowNode } from '../model/editor-store';
import { stepOf } from '../model/run-view';
import './canvas.css';
import { FrameNode } from './frame-node';
import { DRAGGED_KIND } from './palette';
import { StepNode } from './step-node';

const NODE_TYPES = { step: StepNode, frame: FrameNode };
const FIT = { padding: 0.06, maxZoom: 1 };

export function Canvas() {
  const { colorScheme } = useMantineColorScheme();
  const nodes = useEditor((state) => state.nodes);
  const drawnEdges = useEditor((state) => state.edges);
  const run = useEditor((state) => state.run);
  const problems = useEditor((state) => state.problems);
  const focus = useEditor((state) => state.focus);
  const onNodesChange = useEditor((state) => state.onNodesChange);
  const onEdgesChange = useEditor((state) => state.onEdgesChange);
  const takePositions = useEditor((state) => state.takePositions);
  const flow = useReactFlow<FlowNode, FlowEdge>();

  useEffect(() => {
    if (focus === null) return;
    // The node may have been added in this very moment: let it be measured first.
    const frame = requestAnimationFrame(() => {
      const node = flow.getNode(focus.nodeId);
      if (node === undefined) return;
      const { width = 236, height = 120 } = node.measured ?? {};
      const place = flow.getInternalNode(node.id)?.internals.positionAbsolute ?? node.position;
      const zoom = Math.min(1, Math.max(0.6, flow.getZoom()));
      void flow.setCenter(place.x + width / 2, place.y + height / 2, { zoom, duration: 250 });
    });
    return () => cancelAnimationFrame(frame);
  }, [focus, flow]);

  // A run is to be seen whole.
  const isRunning = run.state === 'running';
  useEffect(() => {
    if (isRunning) void flow.fitView({ ...FIT, duration: 250 });
  }, [isRunning, flow]);

  const edges = useMemo(() => {
    const faulty = new Set(problems.map(({ edge_id }) => edge_id));
    return drawnEdges.map((edge): FlowEdge => {
      const target = stepOf(run, edge.target)?.state;
      const wasTaken = target !== undefined && stepOf(run, edge.source)?.state === 'done';
      return {
        ...edge,
        animated: target === 'running',
        className: faulty.has(edge.id) ? 'faulty' : wasTaken ? 'taken' : '',
      };
    });
  }, [drawnEdges, run, problems]);

  const isValidConnection = useCallback((connection: Connection | FlowEdge) => whyNot(connection) === null, []);

  const onConnect = useCallback((connection: Connection) => {
    const ends = endsOf(connection);
    if (ends !== null) useEditor.getState().connect(ends.from, ends.to);
  }, []);

  /** A wire let go on a socket where it does not fit says why. */
  const onConnectEnd = useCallback((_: unknown, { fromHandle, toHandle, isValid }: FinalConnectionState) => {
    if (isValid === true || fromHandle === null || toHandle === null) return;
    const [output, input] = fromHandle.type === 'source' ? [fromHandle, toHandle] : [toHandle, fromHandle];
    const reason = whyNot({
      source: output.nodeId,
      sourceHandle: output.id ?? null,
      target: input.nodeId,
      targetHandle: input.id ?? null,
    });
    if (reason !== null) {
      notifications.show({ id: 'cannot-connect', color: 'yellow', title: 'These do not connect', message: reason });
    }
  }, []);

  const onDrop = useCallback(
    (event: DragEvent) => {
      const { kinds, add } = useEditor.getState();
      const kind = kinds.get(event.dataTransfer.getData(DRAGGED_KIND));
      if (kind === undefined) return;
      event.preventDefault();
      const { x, y } = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
      add(kind, { x: x - 118, y: y - 24 });
    },
    [flow],
  );

  return (
    <ReactFlow<FlowNode, FlowEdge>
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      colorMode={colorScheme === 'auto' ? 'system' : colorScheme}
      onNodesChange={onNodesChange}
      onEdgesChange={onEdgesChange}
      onNodeDragStop={takePositions}
      onSelectionDragStop={takePositions}
      onConnect={onConnect}
      onConnectEnd={onConnectEnd}
      isValidConnection={isValidConnection}
      onDelete={({ nodes: gone, edges: cut }) =>
        useEditor.getState().remove({ nodes: gone.map(({ id }) => id), edges: cut.map(({ id }) => id) })
      }
      onDragOver={(event) => {
        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
      }}
      onDrop={onDrop}
      deleteKeyCode={['Delete', 'Backspace']}
      connectionRadius={28}
      minZoom={0.2}
      maxZoom={1.6}
      fitView
      fitViewOptions={FIT}
      aria-label="The agent's graph"
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1.4} />
      <Controls showInteractive={false} fitViewOptions={FIT} />
    </ReactFlow>
  );
}

function endsOf({ source, sourceHandle, target, targetHandle }: Connection | FlowEdge) {
  if (sourceHandle == null || targetHandle == null) return null;
  return { from: { node: source, socket: sourceHandle }, to: { node: target, socket: targetHandle } };
}

function whyNot(connection: Connection | FlowEdge): string | null {
  const ends = endsOf(connection);
  const { history, kinds } = useEditor.getState();
  return ends === null ? 'Draw from one socket to another.' : canConnect(history.present, kinds, ends.from, ends.to);
}
