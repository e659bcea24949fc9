/** One field of a node's form. */
import { Autocomplete, MultiSelect, NumberInput, Select, Stack, Switch, Text, TextInput, Textarea } from '@mantine/core';
import type { ReactNode } from 'react';

import type { Field } from '../model/form';
import { McpToolField } from './mcp-tool-field';
import { AgentField } from './agent-field';
import { ModelField } from './model-field';
import { RowsField } from './rows-field';
import { SecretField } from './secret-field';
import type { VaultChoice } from './settings-form';
import { TemplateField } from './template-field';

interface SettingsFieldProps {
  field: Field;
  value: unknown;
  vaults: readonly VaultChoice[];
  noVaults: ReactNode;
  /** The settings that stand around this one. */
  among?: Readonly<Record<string, unknown>>;
  onChange: (value: unknown) => void;
}

export function SettingsField({ field, value, vaults, noVaults, among = {}, onChange }: SettingsFieldProps) {
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
    case 'agent':
      return <AgentField {...common} value={text} onChange={onChange} />;
    case 'model':
      return <ModelField {...common} value={text} onChange={onChange} />;
    case 'secret':
      return <SecretField {...common} value={text} onChange={onChange} />;
    case 'mcp-tool':
      return (
        <McpToolField
          title={title}
          description={description}
          value={value}
          secret={typeof among['secret'] === 'string' ? among['secret'] : ''}
          onChange={onChange}
        />
      );
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
              among={row}
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
