/** Looks for documents among many: by a part of the name, by tags, by kind, by how far they have come. */
import { Button, Group, MultiSelect, Select, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { contentsQuery } from '../api/documents';
import { kindInWords } from '../model/kinds';
import { isNarrowed, isState, STATES, type Listing } from '../model/listing';
import classes from './document-filters.module.css';

interface DocumentFiltersProps {
  vaultId: string;
  listing: Listing;
  onChange: (listing: Listing) => void;
}

export function DocumentFilters({ vaultId, listing, onChange }: DocumentFiltersProps) {
  const change = (part: Partial<Listing>) => onChange({ ...listing, page: 1, ...part });
  return (
    <Group role="search" aria-label="Documents" gap="sm" align="flex-start" className={classes.filters}>
      <NameFilter name={listing.name} onChange={(name) => change({ name })} />
      <TagSelect vaultId={vaultId} value={listing.tags} onChange={(tags) => change({ tags })} />
      <KindSelect vaultId={vaultId} value={listing.types} onChange={(types) => change({ types })} />
      <Select
        label="State"
        placeholder="Any"
        data={Object.entries(STATES).map(([value, { label }]) => ({ value, label }))}
        value={listing.state}
        onChange={(state) => change({ state: isState(state) ? state : null })}
        clearable
        clearButtonProps={{ 'aria-label': 'Any state' }}
      />
      {isNarrowed(listing) && (
        <Button
          variant="subtle"
          className={classes.all}
          onClick={() => change({ name: '', tags: [], types: [], state: null })}
        >
          Show all
        </Button>
      )}
    </Group>
  );
}

interface SelectProps {
  vaultId: string;
  value: readonly string[];
  onChange: (tags: string[]) => void;
}

/** Tags that the vault's documents have; a document must have all that are chosen. */
export function TagSelect({ vaultId, value, onChange }: SelectProps) {
  const contents = useQuery(contentsQuery(vaultId));
  const known = contents.data?.tags ?? [];
  return (
    <MultiSelect
      label="Tags"
      placeholder={value.length === 0 ? (contents.isSuccess && known.length === 0 ? 'No tags yet' : 'Any') : undefined}
      data={[
        ...known.map(({ tag }) => ({ value: tag, label: tag })),
        // A tag in the address that no document has any more can still be taken away.
        ...value.filter((tag) => !known.some((each) => each.tag === tag)).map((tag) => ({ value: tag, label: tag })),
      ]}
      renderOption={({ option }) => <Counted label={option.label} count={known.find(({ tag }) => tag === option.value)?.document_count} />}
      value={[...value]}
      onChange={onChange}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'Any tags' }}
      nothingFoundMessage="No such tag"
    />
  );
}

/** Kinds of documents that the vault has; one of those chosen suffices. */
export function KindSelect({ vaultId, value, onChange }: SelectProps) {
  const known = useQuery(contentsQuery(vaultId)).data?.types ?? [];
  return (
    <MultiSelect
      label="Kind"
      placeholder={value.length === 0 ? 'Any' : undefined}
      data={[...new Set([...known.map(({ media_type }) => media_type), ...value])].map((type) => ({
        value: type,
        label: kindInWords(type),
      }))}
      renderOption={({ option }) => (
        <Counted
          label={option.label}
          count={known.find(({ media_type }) => media_type === option.value)?.document_count}
        />
      )}
      value={[...value]}
      onChange={onChange}
      clearable
      clearButtonProps={{ 'aria-label': 'Any kind' }}
    />
  );
}

function Counted({ label, count }: { label: string; count: number | undefined }) {
  return (
    <Group justify="space-between" wrap="nowrap" gap="sm" w="100%">
      <span className={classes.option}>{label}</span>
      <Text span fz="xs" c="dimmed">
        {count}
      </Text>
    </Group>
  );
}

function NameFilter({ name, onChange }: { name: string; onChange: (name: string) => void }) {
  const [typed, setTyped] = useState(name);
  const [known, setKnown] = useState(name);
  if (name !== known) {
    setKnown(name);
    if (name === '') setTyped(''); // cleared from outside
  }
  const tell = useDebouncedCallback(onChange, 250);
  return (
    <TextInput
      label="Name"
      placeholder="A part of the name"
      leftSection={<IconSearch size={16} />}
      type="search"
      maxLength={200}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        tell(event.currentTarget.value);
      }}
    />
  );
}
