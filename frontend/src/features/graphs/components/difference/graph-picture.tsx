/** A graph to look at: nothing in it can be moved or changed, and what differs is marked. */
import { useMantineColorScheme } from '@mantine/core';
import { Background, BackgroundVariant, Handle, Position, ReactFlow, ReactFlowProvider, type Edge, type Node, type NodeProps } from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { memo, useMemo } from 'react';

import type { Mark } from '../../model/difference';
import { readGraph, titleOf, type NodeKinds } from '../../model/graph';
import '../canvas.css';
import { KindIcon } from '../kind-icon';
import classes from './graph-picture.module.css';

type PictureNode = Node<{ kind: string; title: string; mark: Mark | null }, 'picture'>;

const WORDS: Readonly<Record<Mark, string>> = { added: 'Added', removed: 'Removed', changed: 'Changed', moved: 'Moved' };
const NODE_TYPES = { picture: memo(Drawn) };

interface GraphPictureProps {
  graph: unknown;
  kinds: NodeKinds;
  marks: ReadonlyMap<string, Mark>;
  label: string;
}

export function GraphPicture({ graph, kinds, marks, label }: GraphPictureProps) {
  const { colorScheme } = useMantineColorScheme();
  const [nodes, edges] = useMemo(() => {
    const drawn = readGraph(graph);
    const shown: PictureNode[] = drawn.nodes.map((node) => ({
      id: node.id,
      type: 'picture',
      position: node.position,
      data: { kind: node.kind, title: titleOf(node, kinds), mark: marks.get(node.id) ?? null },
    }));
    const lines: Edge[] = drawn.edges.map(({ id, source, target }) => ({ id, source: source.node, target: target.node }));
    return [shown, lines];
  }, [graph, kinds, marks]);

  return (
    <div className={classes.picture} role="group" aria-label={label}>
      <ReactFlowProvider>
        <ReactFlow<PictureNode>
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          colorMode={colorScheme === 'auto' ? 'system' : colorScheme}
          nodesDraggable={false}
          nodesConnectable={false}
          edgesFocusable={false}
          minZoom={0.1}
          maxZoom={1.2}
          fitView
          fitViewOptions={{ padding: 0.08, maxZoom: 1 }}
          preventScrolling={false}
          aria-label={label}
        >
          <Background variant={BackgroundVariant.Dots} gap={20} size={1.4} />
        </ReactFlow>
      </ReactFlowProvider>
    </div>
  );
}

function Drawn({ data }: NodeProps<PictureNode>) {
  const { kind, title, mark } = data;
  return (
    <div className={classes.node} data-mark={mark ?? undefined}>
      <Handle type="target" position={Position.Left} isConnectable={false} className={classes.handle} />
      <KindIcon kind={kind} size={16} />
      <span className={classes.title}>{title}</span>
      {mark !== null && <span className={classes.mark}>{WORDS[mark]}</span>}
      <Handle type="source" position={Position.Right} isConnectable={false} className={classes.handle} />
    </div>
  );
}
