/** One field of a node's form. */
import { Autocomplete, Button, Group, MultiSelect, NumberInput, Select, Stack, Switch, Text, TextInput, Textarea } from '@mantine/core';
import { useRef, type ReactNode } from 'react';

import type { Field } from '../model/form';
import { ModelField } from './model-field';
import { RowsField } from './rows-field';
import type { VaultChoice } from './settings-form';

interface SettingsFieldProps {
  field: Field;
  value: unknown;
  vaults: readonly VaultChoice[];
  noVaults: ReactNode;
  onChange: (value: unknown) => void;
}

export function SettingsField({ field, value, vaults, noVaults, onChange }: SettingsFieldProps) {
  const { title, description } = field;
  const common = { label: title, description: description === '' ? undefined : description };
  const text = typeof value === 'string' ? value : '';

  switch (field.control) {
    case 'vaults': {
      const chosen = Array.isArray(value) ? value.map(String) : [];
      const known = new Set(vaults.map(({ id }) => id));
      const gone = chosen.filter((id) => !known.has(id)).map((id) => ({ value: id, label: 'A vault that is not yours' }));
      return (
        <Stack gap={6}>
          <MultiSelect
            {...common}
            data={[...vaults.map(({ id, name }) => ({ value: id, label: name })), ...gone]}
            value={chosen}
            onChange={onChange}
            searchable={vaults.length > 7}
            placeholder={chosen.length === 0 ? 'Choose a vault' : undefined}
            nothingFoundMessage="No vault is called that"
            comboboxProps={{ withinPortal: true }}
          />
          {vaults.length === 0 && noVaults}
        </Stack>
      );
    }
    case 'model':
      return <ModelField {...common} value={text} onChange={onChange} />;
    case 'template':
      return <TemplateField {...common} value={text} maxLength={field.maxLength} onChange={onChange} />;
    case 'condition':
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
          maxLength={field.maxLength ?? undefined}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'long-text':
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          maxRows={12}
          maxLength={field.maxLength ?? undefined}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'text':
      return (
        <TextInput
          {...common}
          maxLength={field.maxLength ?? undefined}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'number':
      return (
        <NumberInput
          {...common}
          min={field.min ?? undefined}
          max={field.max ?? undefined}
          allowDecimal={!field.isWhole}
          step={field.isWhole ? 1 : 0.1}
          value={typeof value === 'number' ? value : ''}
          onChange={(next) => {
            // An empty field is a number being typed: the graph keeps the last one.
            if (typeof next === 'number') onChange(next);
          }}
        />
      );
    case 'switch':
      return <Switch {...common} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />;
    case 'choice':
      return (
        <Select {...common} data={[...field.options]} value={String(value)} allowDeselect={false} onChange={onChange} />
      );
    case 'row-id':
      return null;
    case 'suggest':
      return (
        <Autocomplete
          {...common}
          data={[...field.suggestions]}
          maxLength={field.maxLength ?? undefined}
          value={text}
          onChange={onChange}
          filter={({ options }) => options}
        />
      );
    case 'rows':
      return (
        <RowsField
          field={field}
          rows={Array.isArray(value) ? (value as Record<string, unknown>[]) : []}
          onChange={onChange}
          drawField={(inner, row, change) => (
            <SettingsField
              key={inner.name}
              field={inner}
              value={row[inner.name] ?? inner.fallback}
              vaults={vaults}
              noVaults={noVaults}
              onChange={change}
            />
          )}
        />
      );
    case 'unknown':
      return (
        <div>
          <Text fz="sm" fw={500}>
            {title}
          </Text>
          <Text fz="xs" c="dimmed">
            This setting cannot be edited here yet. It is kept as it is.
          </Text>
        </div>
      );
  }
}

/** The values that a description names as `{{value}}`, offered as chips that insert them. */
function namesIn(description: string | undefined): string[] {
  return [...new Set([...(description ?? '').matchAll(/\{\{(\w+)\}\}/g)].flatMap((match) => match[1] ?? []))];
}

interface TemplateFieldProps {
  label: string;
  description: string | undefined;
  value: string;
  maxLength: number | null;
  onChange: (value: string) => void;
}

function TemplateField({ label, description, value, maxLength, onChange }: TemplateFieldProps) {
  const input = useRef<HTMLTextAreaElement>(null);
  const names = namesIn(description);

  function insert(name: string): void {
    const at = input.current?.selectionStart ?? value.length;
    const end = input.current?.selectionEnd ?? at;
    const place = `{{${name}}}`;
    onChange(value.slice(0, at) + place + value.slice(end));
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(at + place.length, at + place.length);
    });
  }

  return (
    <Stack gap={6}>
      <Textarea
        ref={input}
        label={label}
        description={description}
        autosize
        minRows={3}
        maxRows={14}
        maxLength={maxLength ?? undefined}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {names.length > 0 && (
        <Group gap={6} role="group" aria-label="Insert a value">
          <Text fz="xs" c="dimmed">
            Insert
          </Text>
          {names.map((name) => (
            <Button key={name} size="compact-xs" variant="default" onClick={() => insert(name)}>
              {name}
            </Button>
          ))}
        </Group>
      )}
    </Stack>
  );
}
