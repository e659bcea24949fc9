/** Which documents a search looks at: by tag, kind, document and the day they were added. */
import { Group, TextInput } from '@mantine/core';

import type { VaultDocument } from '~/api/types';

import type { Choice } from '../model/search-filters';
import { KindSelect, TagSelect } from './document-filters';
import classes from './document-filters.module.css';
import { DocumentsSelect } from './document-select';

interface SearchFiltersProps {
  vaultId: string;
  choice: Choice<VaultDocument>;
  onChange: (choice: Choice<VaultDocument>) => void;
}

export function SearchFilters({ vaultId, choice, onChange }: SearchFiltersProps) {
  const change = (part: Partial<Choice<VaultDocument>>) => onChange({ ...choice, ...part });
  return (
    <Group role="group" aria-label="Which documents are searched" gap="sm" align="flex-start" className={classes.filters}>
      <TagSelect vaultId={vaultId} value={choice.tags} onChange={(tags) => change({ tags })} />
      <KindSelect vaultId={vaultId} value={choice.types} onChange={(types) => change({ types })} />
      <DocumentsSelect
        vaultId={vaultId}
        label="Documents"
        value={choice.documents}
        onChange={(documents) => change({ documents })}
      />
      <TextInput
        type="date"
        label="Added from"
        max={choice.until || undefined}
        value={choice.from}
        onChange={(event) => change({ from: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label="Added until"
        min={choice.from || undefined}
        value={choice.until}
        onChange={(event) => change({ until: event.currentTarget.value })}
      />
    </Group>
  );
}
