/** Chooses the model that a step asks; the operator's choice for all where none is chosen. */
import { Select } from '@mantine/core';

import { useEditor } from '../model/editor-store';

interface ModelFieldProps {
  label: string;
  description: string | undefined;
  value: string;
  onChange: (value: string) => void;
}

export function ModelField({ label, description, value, onChange }: ModelFieldProps) {
  const models = useEditor((state) => state.models);
  const chosenForAll = models.find((model) => model.is_default);
  const isGone = value !== '' && !models.some(({ name }) => name === value);
  return (
    <Select
      label={label}
      description={description}
      data={[
        { value: '', label: chosenForAll === undefined ? 'The server’s choice' : `The server’s choice (${chosenForAll.title})` },
        ...models.map(({ name, is_usable }) => ({ value: name, label: is_usable ? name : `${name} (not ready)` })),
        ...(isGone ? [{ value, label: `${value} (not on this server)` }] : []),
      ]}
      value={value}
      allowDeselect={false}
      onChange={(next) => onChange(next ?? '')}
    />
  );
}
