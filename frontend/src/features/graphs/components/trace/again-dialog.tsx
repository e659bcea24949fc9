/** Say what is to be different at one step, and run the rest of the run again. */
import { Alert, Button, Checkbox, Group, Modal, SegmentedControl, Stack, Text, Textarea } from '@mantine/core';
import { useMemo, useState, type ReactNode } from 'react';

import type { NodeKind, RepeatChange, TraceStep } from '~/api/types';

import { editableOf, writtenOf, type Editable } from '../../model/edited-output';
import { fieldsOf } from '../../model/form';
import { ranksInWords } from '../../model/trace';
import { SettingsField } from '../settings-field';
import type { VaultChoice } from '../settings-form';

type What = 'settings' | 'outputs' | 'draft';

interface AgainDialogProps {
  step: TraceStep;
  kind: NodeKind | undefined;
  vaults: readonly VaultChoice[];
  noVaults: ReactNode;
  onClose: () => void;
  onStart: (change: RepeatChange) => void;
}

export function AgainDialog({ step, kind, vaults, noVaults, onClose, onStart }: AgainDialogProps) {
  const fields = useMemo(() => (kind === undefined ? [] : fieldsOf(kind.settings_schema)), [kind]);
  const canSayOutput = step.output !== null && kind?.outputs_from === null && kind.outputs.length > 0;
  const choices: { value: What; label: string }[] = [
    ...(fields.length > 0 ? [{ value: 'settings' as const, label: 'Its settings' }] : []),
    ...(canSayOutput ? [{ value: 'outputs' as const, label: 'What it handed on' }] : []),
    { value: 'draft' as const, label: 'Nothing: take the draft' },
  ];
  const [what, setWhat] = useState<What>(choices[0]?.value ?? 'draft');
  const [settings, setSettings] = useState<Record<string, unknown>>(step.settings);
  const [outputs, setOutputs] = useState<Record<string, Editable>>(() =>
    Object.fromEntries(Object.entries(step.output ?? {}).map(([socket, value]) => [socket, editableOf(value)])),
  );
  const [fault, setFault] = useState<string | null>(null);

  const start = (): void => {
    const common = { node_id: step.node_id, from_draft: false, only: false };
    if (what !== 'outputs') {
      onStart(what === 'settings' ? { ...common, settings } : { ...common, from_draft: true });
      return;
    }
    try {
      const written = Object.fromEntries(Object.entries(outputs).map(([socket, form]) => [socket, writtenOf(form)]));
      onStart({ ...common, outputs: written });
    } catch {
      setFault('These named values are not JSON: check the commas and quotes.');
    }
  };

  return (
    <Modal opened onClose={onClose} size="lg" title={`Run again from “${step.title}”`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start();
        }}
      >
        <Stack gap="md">
          <Text fz="sm" c="dimmed">
            The steps before it are not run again: what they handed on is taken from this run. Running again is free.
          </Text>
          <div>
            <Text fz="sm" fw={500} mb={4} id="again-what">
              What is to be different?
            </Text>
            <SegmentedControl
              fullWidth
              aria-labelledby="again-what"
              data={choices}
              value={what}
              onChange={(value) => {
                setWhat(value);
                setFault(null);
              }}
            />
          </div>
          {what === 'settings' &&
            fields.map((field) => (
              <SettingsField
                key={field.name}
                field={field}
                value={settings[field.name] ?? field.fallback}
                vaults={vaults}
                noVaults={noVaults}
                among={settings}
                onChange={(value) => setSettings({ ...settings, [field.name]: value })}
              />
            ))}
          {what === 'outputs' &&
            Object.entries(outputs).map(([socket, form]) => (
              <OutputForm
                key={socket}
                label={kind?.outputs.find(({ name }) => name === socket)?.title ?? socket}
                form={form}
                onChange={(changed) => setOutputs({ ...outputs, [socket]: changed })}
              />
            ))}
          {what === 'draft' && (
            <Text fz="sm">From this step on the agent runs as its draft is drawn now; so you see what your changes do to this question.</Text>
          )}
          {fault !== null && <Alert color="yellow">{fault}</Alert>}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit">{what === 'outputs' ? 'Run what follows' : 'Run from here'}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function OutputForm({ label, form, onChange }: { label: string; form: Editable; onChange: (form: Editable) => void }) {
  if (form.sort === 'passages') {
    return (
      <Stack gap="xs" role="group" aria-label={label}>
        <Text fz="sm" fw={500}>
          {label}: untick what is not to be handed on
        </Text>
        {form.shown.map((passage, index) => (
          <Checkbox
            key={index}
            checked={form.kept[index] ?? false}
            onChange={(event) => onChange({ ...form, kept: form.kept.map((kept, at) => (at === index ? event.currentTarget.checked : kept)) })}
            label={`${passage.document}${passage.page === null ? '' : `, page ${passage.page}`}`}
            description={`${ranksInWords(form.items[index])} · ${passage.text.slice(0, 180)}`}
          />
        ))}
        {form.shown.length === 0 && <Text fz="sm">It found no passages.</Text>}
      </Stack>
    );
  }
  return (
    <Textarea
      label={label}
      description={form.sort === 'answer' ? 'An answer that you write carries no citations.' : undefined}
      autosize
      minRows={3}
      maxRows={16}
      spellCheck={form.sort !== 'values'}
      value={form.text}
      onChange={(event) => onChange({ ...form, text: event.currentTarget.value })}
    />
  );
}
