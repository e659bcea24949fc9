/** Two states of an agent beside each other: drawn, and setting by setting in words. */
import { Badge, Group, Paper, SimpleGrid, Stack, Text } from '@mantine/core';
import { useMemo, type ReactNode } from 'react';

import type { Difference, NodeKind, SettingChange, StepChange } from '~/api/types';

import { marksOf, summaryOf } from '../../model/difference';
import { textDifference } from '../../model/text-difference';
import { inWords, type KnownNames } from '../../model/value-words';
import { KindIcon } from '../kind-icon';
import classes from './difference-view.module.css';
import { GraphPicture } from './graph-picture';

const CHANGES = {
  added: { word: 'Added', color: 'water' },
  removed: { word: 'Removed', color: 'red' },
  changed: { word: 'Changed', color: 'yellow' },
  moved: { word: 'Moved', color: 'gray' },
} as const;

interface DifferenceViewProps {
  difference: Difference;
  kinds: readonly NodeKind[];
  names: KnownNames;
  /** What people call the two states. */
  before: string;
  after: string;
}

export function DifferenceView({ difference, kinds, names, before, after }: DifferenceViewProps) {
  const byName = useMemo(() => new Map(kinds.map((kind) => [kind.kind, kind])), [kinds]);
  const marks = useMemo(() => ({ before: marksOf(difference, 'before'), after: marksOf(difference, 'after') }), [difference]);
  return (
    <Stack gap="md">
      <Text role="status">{summaryOf(difference)}</Text>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Side title={before}>
          <GraphPicture graph={difference.before.graph} kinds={byName} marks={marks.before} label={`${before}, drawn`} />
        </Side>
        <Side title={after}>
          <GraphPicture graph={difference.after.graph} kinds={byName} marks={marks.after} label={`${after}, drawn`} />
        </Side>
      </SimpleGrid>
      <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: 'none' }} aria-label="What differs">
        {difference.steps.map((step) => (
          <Paper component="li" key={step.node_id} p="md">
            <StepDifference step={step} names={names} />
          </Paper>
        ))}
        {difference.edges.map((edge, index) => (
          <Paper component="li" key={`edge-${index}`} p="md">
            <Group gap="xs">
              <Badge color={CHANGES[edge.change].color}>{CHANGES[edge.change].word}</Badge>
              <Text fz="sm">
                Connection from “{edge.source}” ({edge.output}) to “{edge.target}” ({edge.input})
              </Text>
            </Group>
          </Paper>
        ))}
      </Stack>
    </Stack>
  );
}

function Side({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <Text fw={600} fz="sm" mb={6}>
        {title}
      </Text>
      {children}
    </div>
  );
}

function StepDifference({ step, names }: { step: StepChange; names: KnownNames }) {
  const { word, color } = CHANGES[step.change];
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <KindIcon kind={step.kind} size={16} />
        <Text fw={600}>{step.title}</Text>
        <Badge color={color}>{word}</Badge>
      </Group>
      {step.change === 'moved' && (
        <Text fz="sm" c="dimmed">
          It stands elsewhere on the canvas and does the same.
        </Text>
      )}
      {step.settings.map((setting) => (
        <Setting key={setting.name} setting={setting} names={names} />
      ))}
    </Stack>
  );
}

function Setting({ setting, names }: { setting: SettingChange; names: KnownNames }) {
  const pieces = textDifference(inWords(setting.before, names), inWords(setting.after, names));
  return (
    <div>
      <Text fz="xs" fw={600} c="dimmed">
        {setting.title}
      </Text>
      <p className={classes.text}>
        {pieces.map((piece, index) => {
          if (piece.change === 'same') return <span key={index}>{piece.text}</span>;
          return piece.change === 'removed' ? (
            <del key={index} className={classes.removed}>
              {piece.text}
            </del>
          ) : (
            <ins key={index} className={classes.added}>
              {piece.text}
            </ins>
          );
        })}
      </p>
    </div>
  );
}
