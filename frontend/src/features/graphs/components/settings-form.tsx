/** A node's form, drawn from the JSON schema of its kind. */
import { ActionIcon, Button, Code, Group, Select, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useMemo, type ReactNode } from 'react';

import { withoutLooseEdges } from '../model/connect';
import { useEditor } from '../model/editor-store';
import { fieldsOf, shownFields, type Field } from '../model/form';
import { changeNode, titleOf, type GraphNode } from '../model/graph';
import { framesFor } from '../model/inside';
import { FailureForm } from './failure-form';
import { KindIcon } from './kind-icon';
import { SettingsField } from './settings-field';

export interface VaultChoice {
  id: string;
  name: string;
}

interface SettingsFormProps {
  node: GraphNode;
  vaults: readonly VaultChoice[];
  /** What to show where no vault exists yet. */
  noVaults: ReactNode;
}

export function SettingsForm({ node, vaults, noVaults }: SettingsFormProps) {
  const kinds = useEditor((state) => state.kinds);
  const kind = kinds.get(node.kind);
  const graph = useEditor((state) => state.history.present);
  const change = useEditor((state) => state.change);
  const removeParts = useEditor((state) => state.remove);
  const problems = useEditor((state) => state.problems);
  const fields = useMemo(() => (kind === undefined ? [] : fieldsOf(kind.settings_schema)), [kind]);

  const set = (field: Field, value: unknown): void => {
    const settings = { ...node.settings, [field.name]: value };
    const changed = withoutLooseEdges(changeNode(graph, node.id, { settings }), kinds, node.id);
    change(changed, `${node.id}.${field.name}`);
  };

  return (
    <Stack gap="md">
      <Group gap="xs" wrap="nowrap" justify="space-between">
        <Group gap="xs" wrap="nowrap">
          <KindIcon kind={node.kind} size={18} />
          <Text fw={600}>{kind?.title ?? node.kind}</Text>
        </Group>
        <Tooltip label="Delete this step">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label="Delete this step"
            onClick={() => removeParts({ nodes: [node.id] })}
          >
            <IconTrash size={17} />
          </ActionIcon>
        </Tooltip>
      </Group>
      {kind !== undefined && (
        <Text fz="sm" c="dimmed" style={{ whiteSpace: 'pre-line' }}>
          {unwrapped(kind.help)}
        </Text>
      )}
      {problems
        .filter(({ node_id }) => node_id === node.id)
        .map((problem) => (
          <Text key={problem.code + problem.message} fz="sm" c="var(--q-bad)" role="status">
            {problem.message}
          </Text>
        ))}
      <TextInput
        label="Name on the canvas"
        placeholder={kind?.title}
        maxLength={200}
        value={node.title}
        onChange={(event) =>
          change(changeNode(graph, node.id, { title: event.currentTarget.value }), `${node.id}:title`)
        }
      />
      {kind?.goes_inside === true && <InsideOf node={node} />}
      {shownFields(fields, node.settings).map((field) => (
        <SettingsField
          key={field.name}
          field={field}
          value={node.settings[field.name] ?? field.fallback}
          vaults={vaults}
          noVaults={noVaults}
          among={node.settings}
          onChange={(value) => set(field, value)}
        />
      ))}
      {kind !== undefined && kind.recoveries.length > 0 && <FailureForm node={node} recoveries={kind.recoveries} />}
      {kind !== undefined && Object.keys(kind.example).length > 0 && (
        <details>
          <summary style={{ cursor: 'pointer', fontSize: 13 }}>An example that works</summary>
          <Code block fz={12} mt="xs">
            {JSON.stringify(kind.example, null, 2)}
          </Code>
        </details>
      )}
      {kind === undefined && (
        <Button color="red" variant="light" onClick={() => removeParts({ nodes: [node.id] })}>
          Remove this step
        </Button>
      )}
    </Stack>
  );
}

/** Which frame a step is in; the same as dragging it there. Shown once there is a frame. */
function InsideOf({ node }: { node: GraphNode }) {
  const graph = useEditor((state) => state.history.present);
  const kinds = useEditor((state) => state.kinds);
  const putInside = useEditor((state) => state.putInside);
  const frames = framesFor(graph, kinds, node.id);
  if (frames.length === 0 && node.parent === undefined) return null;
  return (
    <Select
      label="Inside of"
      description="Steps inside run once for each item or round. Wires that no longer fit are taken away."
      data={[{ value: '', label: 'Nothing: it runs once' }, ...frames.map((frame) => ({ value: frame.id, label: titleOf(frame, kinds) }))]}
      value={node.parent ?? ''}
      allowDeselect={false}
      onChange={(frame) => putInside(node.id, frame === null || frame === '' ? null : frame)}
    />
  );
}

/** Help texts are wrapped for the people who write them; here each paragraph flows. */
function unwrapped(help: string): string {
  return help
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s*\n\s*/g, ' '))
    .join('\n\n');
}
