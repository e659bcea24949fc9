/** A step on the canvas: what it is, how it is set, its sockets, and how the last run went through it. */
import { Loader } from '@mantine/core';
import { IconAlertCircle, IconCheck } from '@tabler/icons-react';
import { Handle, Position, type NodeProps } from '@xyflow/react';
import { memo } from 'react';

import type { Socket } from '~/api/types';
import { formatMilliseconds } from '~/ui/format';

import { outputsOf, typeInWords } from '../model/connect';
import { useEditor, type FlowNode } from '../model/editor-store';
import { titleOf } from '../model/graph';
import { stepOf } from '../model/run-view';
import { KindIcon } from './kind-icon';
import classes from './step-node.module.css';

export const StepNode = memo(function StepNode({ id, data, selected }: NodeProps<FlowNode>) {
  const { node } = data;
  const kinds = useEditor((state) => state.kinds);
  const problems = useEditor((state) => state.problems.filter((problem) => problem.node_id === id).length);
  const runState = useEditor((state) => stepOf(state.run, id)?.state);
  const tookMs = useEditor((state) => stepOf(state.run, id)?.tookMs ?? null);
  const kind = kinds.get(node.kind);
  const isStep = kind?.runs ?? true;
  const isSkipped = useEditor(
    (state) => isStep && state.run.state === 'finished' && stepOf(state.run, id) === undefined,
  );
  const title = titleOf(node, kinds);

  return (
    <div
      className={classes.node}
      data-category={kind?.category ?? 'unknown'}
      data-selected={selected || undefined}
      data-run={isSkipped ? 'skipped' : runState}
    >
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
            {tookMs !== null && formatMilliseconds(tookMs)}
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
      <Summary settings={node.settings} isWhole={!isStep} />
      {isStep && kind !== undefined && (
        <div className={classes.sockets}>
          <div>
            {kind.inputs.map((socket) => (
              <SocketRow key={socket.name} socket={socket} side="in" />
            ))}
          </div>
          <div>
            {outputsOf(node, kind).map((socket) => (
              <SocketRow key={socket.name} socket={socket} side="out" />
            ))}
          </div>
        </div>
      )}
    </div>
  );
});

function SocketRow({ socket, side }: { socket: Socket; side: 'in' | 'out' }) {
  const isOptional = side === 'in' && socket.required === false;
  return (
    <div
      className={classes.socket}
      data-side={side}
      title={`${side === 'in' ? 'Takes' : 'Hands on'} ${typeInWords(socket.type)}${isOptional ? ' (optional)' : ''}`}
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
function Summary({ settings, isWhole }: { settings: Record<string, unknown>; isWhole: boolean }) {
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
  const told = settings['condition'] ?? settings['prompt'] ?? settings['text'];
  if (typeof told !== 'string' || told === '') return null;
  return (
    <div className={classes.summary} data-whole={isWhole || undefined}>
      {told}
    </div>
  );
}
