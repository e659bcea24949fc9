/** A step that has steps inside: a frame around them, with the sockets that face inwards at its inner sides. */
import { Text } from '@mantine/core';
import type { NodeProps } from '@xyflow/react';
import { memo } from 'react';

import { outputsOf } from '../model/connect';
import { useEditor, type FlowNode } from '../model/editor-store';
import { FRAME } from '../model/inside';
import classes from './frame-node.module.css';
import { SocketRow, Sockets, StepHead, useRunOf } from './step-node';
import step from './step-node.module.css';

export const FrameNode = memo(function FrameNode({ id, data, selected }: NodeProps<FlowNode>) {
  const { node } = data;
  const kind = useEditor((state) => state.kinds.get(node.kind));
  const isEmpty = useEditor((state) => !state.history.present.nodes.some(({ parent }) => parent === id));
  const run = useRunOf(id, true);
  if (kind === undefined) return null;

  return (
    <div
      className={`${step['node'] ?? ''} ${classes['frame'] ?? ''}`}
      data-category={kind.category}
      data-selected={selected || undefined}
      data-run={run}
    >
      <div className={classes['head']} style={{ height: FRAME.head - 12 }}>
        <StepHead node={node} />
        <Sockets inputs={kind.inputs} outputs={outputsOf(node, kind)} />
      </div>
      <div className={classes['inside']}>
        <div>
          {kind.body?.begins.map((socket) => <SocketRow key={socket.name} socket={socket} side="out" isInner />)}
        </div>
        {isEmpty && (
          <Text fz="xs" c="dimmed" className={classes['hint']}>
            Drag the steps to repeat in here. Begin at “{kind.body?.begins[0]?.title}”, and lead what comes of it to “
            {kind.body?.ends[0]?.title}”.
          </Text>
        )}
        <div>
          {kind.body?.ends.map((socket) => <SocketRow key={socket.name} socket={socket} side="in" isInner />)}
        </div>
      </div>
    </div>
  );
});
