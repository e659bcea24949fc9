/** A step on the canvas: what it is, how it is set, its sockets, and how the last run went through it. */
import { Loader } from '@mantine/core';
import { IconAlertCircle, IconCheck } from '@tabler/icons-react';
import { Handle, Position, type NodeProps } from '@xyflow/react';
import { memo } from 'react';

import type { Socket } from '~/api/types';
import { formatMilliseconds } from '~/ui/format';

import { outputsOf, typeInWords } from '../model/connect';
import { useEditor, type FlowNode } from '../model/editor-store';
import { titleOf, type GraphNode } from '../model/graph';
import { stepOf, timesOf } from '../model/run-view';
import { KindIcon } from './kind-icon';
import classes from './step-node.module.css';

export const StepNode = memo(function StepNode({ id, data, selected }: NodeProps<FlowNode>) {
  const { node } = data;
  const kind = useEditor((state) => state.kinds.get(node.kind));
  const run = useRunOf(id, kind?.runs ?? true);

  return (
    <div className={classes.node} data-category={kind?.category ?? 'unknown'} data-selected={selected || undefined} data-run={run}>
      <StepHead node={node} />
      <Summary settings={node.settings} isWhole={kind?.runs === false} />
      {kind?.runs !== false && kind !== undefined && <Sockets inputs={kind.inputs} outputs={outputsOf(node, kind)} />}
    </div>
  );
});

/** How the last run went through a step, or past it. */
export function useRunOf(id: string, runs: boolean): 'running' | 'done' | 'failed' | 'skipped' | undefined {
  return useEditor((state) => {
    const step = stepOf(state.run, id);
    return step === undefined && runs && state.run.state === 'finished' ? 'skipped' : step?.state;
  });
}

/** What a step is called, and how its last run went. */
export function StepHead({ node }: { node: GraphNode }) {
  const { id } = node;
  const kinds = useEditor((state) => state.kinds);
  const problems = useEditor((state) => state.problems.filter((problem) => problem.node_id === id).length);
  const runState = useEditor((state) => stepOf(state.run, id)?.state);
  const tookMs = useEditor((state) => stepOf(state.run, id)?.tookMs ?? null);
  const times = useEditor((state) => timesOf(state.run, id));
  const kind = kinds.get(node.kind);
  const title = titleOf(node, kinds);

  return (
    <div className={classes.head}>
      <span className={classes.icon} aria-hidden>
        <KindIcon kind={node.kind} size={16} />
      </span>
      <span className={classes.titles}>
        <span className={classes.title}>{title}</span>
        {kind !== undefined && title !== kind.title && <span className={classes.kind}>{kind.title}</span>}
      </span>
      {runState === 'running' && <Loader size={14} type="oval" aria-label="Running" />}
      {runState === 'done' && (
        <span className={classes.done}>
          <IconCheck size={13} stroke={2.4} aria-label="Done" />
          {times > 1 ? `${times} times` : tookMs !== null && formatMilliseconds(tookMs)}
        </span>
      )}
      {(problems > 0 || runState === 'failed') && (
        <IconAlertCircle
          size={17}
          className={classes.problem}
          aria-label={runState === 'failed' ? 'Failed' : `${problems} ${problems === 1 ? 'problem' : 'problems'}`}
        />
      )}
    </div>
  );
}

/** What a step takes on its left and hands on at its right. */
export function Sockets({ inputs, outputs }: { inputs: readonly Socket[]; outputs: readonly Socket[] }) {
  return (
    <div className={classes.sockets}>
      <div>
        {inputs.map((socket) => (
          <SocketRow key={socket.name} socket={socket} side="in" />
        ))}
      </div>
      <div>
        {outputs.map((socket) => (
          <SocketRow key={socket.name} socket={socket} side="out" />
        ))}
      </div>
    </div>
  );
}

interface SocketRowProps {
  socket: Socket;
  side: 'in' | 'out';
  /** At the inner side of a frame: drawn on the left what goes out to the steps inside, on the right what comes back. */
  isInner?: boolean;
}

export function SocketRow({ socket, side, isInner = false }: SocketRowProps) {
  const isOptional = side === 'in' && socket.required === false;
  const does = isInner ? (side === 'in' ? 'Takes back' : 'Begins each round with') : side === 'in' ? 'Takes' : 'Hands on';
  return (
    <div
      className={classes.socket}
      data-side={side}
      data-inner={isInner || undefined}
      title={`${does} ${typeInWords(socket.type)}${isOptional ? ' (optional)' : ''}`}
    >
      <Handle
        id={socket.name}
        type={side === 'in' ? 'target' : 'source'}
        position={side === 'in' ? Position.Left : Position.Right}
        className={classes.handle}
        data-type={socket.type}
      />
      {socket.title}
      {isOptional && <span className={classes.optional}>optional</span>}
    </div>
  );
}

/** The one setting that tells most about a step, in one line; a note as a whole. */
export function Summary({ settings, isWhole }: { settings: Record<string, unknown>; isWhole: boolean }) {
  const vaultNames = useEditor((state) => state.vaultNames);
  const vaults = settings['vaults'];
  if (Array.isArray(vaults)) {
    if (vaults.length === 0) return <div className={classes.summary}>No vault chosen</div>;
    return <div className={classes.summary}>{vaults.map((id) => vaultNames.get(String(id)) ?? 'A vault').join(', ')}</div>;
  }
  const named = settings['branches'] ?? settings['categories'] ?? settings['fields'] ?? settings['values'];
  if (Array.isArray(named)) {
    const names = named.map((row: { name?: string }) => row.name ?? '');
    return <div className={classes.summary}>{names.join(', ')}</div>;
  }
  const told = [settings['condition'], settings['prompt'], settings['text'], settings['list_name']].find((value) => value !== undefined && value !== '');
  if (typeof told !== 'string' || told === '') return null;
  return (
    <div className={classes.summary} data-whole={isWhole || undefined}>
      {told}
    </div>
  );
}
