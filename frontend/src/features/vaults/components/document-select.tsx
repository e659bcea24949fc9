/** Chooses among a vault's ready documents, however many, by typing a part of the name. */
import { MultiSelect, Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import type { VaultDocument } from '~/api/types';

import { documentsNamedQuery } from '../api/documents';

interface DocumentSelectProps {
  vaultId: string;
  label: string;
  value: VaultDocument | null;
  onChange: (document: VaultDocument) => void;
}

export function DocumentSelect({ vaultId, label, value, onChange }: DocumentSelectProps) {
  const [typed, setTyped] = useState(value?.name ?? '');
  // The name of the chosen one stands in the field; it is not looked for.
  const found = useFound(vaultId, typed === value?.name ? '' : typed);
  const offered = withChosen(found, value === null ? [] : [value]);
  return (
    <Select
      label={label}
      data={offered.map(asOption)}
      filter={({ options }) => options}
      value={value?.id ?? null}
      onChange={(id) => {
        const document = offered.find((each) => each.id === id);
        if (document !== undefined) onChange(document);
      }}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      allowDeselect={false}
      nothingFoundMessage="No ready document has this in its name"
    />
  );
}

interface DocumentsSelectProps {
  vaultId: string;
  label: string;
  value: readonly VaultDocument[];
  onChange: (documents: VaultDocument[]) => void;
}

export function DocumentsSelect({ vaultId, label, value, onChange }: DocumentsSelectProps) {
  const [typed, setTyped] = useState('');
  const offered = withChosen(useFound(vaultId, typed), value);
  return (
    <MultiSelect
      label={label}
      placeholder={value.length === 0 ? 'All' : undefined}
      data={offered.map(asOption)}
      filter={({ options }) => options}
      value={value.map(({ id }) => id)}
      onChange={(ids) => onChange(offered.filter(({ id }) => ids.includes(id)))}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      clearable
      clearButtonProps={{ 'aria-label': 'All documents' }}
      hidePickedOptions
      nothingFoundMessage="No ready document has this in its name"
    />
  );
}

function useFound(vaultId: string, typed: string): readonly VaultDocument[] {
  const [name] = useDebouncedValue(typed.trim(), 250);
  return useQuery(documentsNamedQuery(vaultId, name)).data?.documents ?? [];
}

function withChosen(found: readonly VaultDocument[], chosen: readonly VaultDocument[]): VaultDocument[] {
  return [...found, ...chosen.filter(({ id }) => !found.some((each) => each.id === id))];
}

const asOption = ({ id, name }: VaultDocument) => ({ value: id, label: name });
