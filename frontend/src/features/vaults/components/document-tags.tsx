/** A document's tags, to be added and taken away; each change is kept at once. */
import { TagsInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { asProblem } from '~/api/problem';
import type { VaultDocument } from '~/api/types';

import { contentsQuery, useTagDocument } from '../api/documents';

interface DocumentTagsProps {
  document: Pick<VaultDocument, 'id' | 'vault_id' | 'tags'>;
  autoFocus?: boolean;
}

export function DocumentTags({ document, autoFocus = false }: DocumentTagsProps) {
  const contents = useQuery(contentsQuery(document.vault_id));
  const change = useTagDocument(document.id);
  return (
    <TagsInput
      label="Tags"
      description="Type a word and press Enter. Tags are encrypted like the document."
      placeholder={document.tags.length === 0 ? 'For example: contract, 2026' : undefined}
      data={contents.data?.tags.map(({ tag }) => tag) ?? []}
      // What was just chosen is shown while it is being kept; when it could not be, what is kept is shown again.
      value={change.isPending ? change.variables : document.tags}
      onChange={(tags) => change.mutate(tags)}
      error={change.isError ? asProblem(change.error).detail : undefined}
      maxTags={30}
      maxLength={60}
      splitChars={[',', ';']}
      comboboxProps={{ withinPortal: false }}
      data-autofocus={autoFocus || undefined}
    />
  );
}
