/** All of a vault's documents: what is looked for, a page of them, and the way to the other pages. */
import { Button, Group, Pagination, Stack, Text } from '@mantine/core';
import { IconFileText, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { EmptyState } from '~/ui/empty-state';
import { formatCount } from '~/ui/format';
import { QueryView } from '~/ui/query-view';

import { documentPageQuery } from '../api/documents';
import { isNarrowed, PAGE_SIZE, type Listing } from '../model/listing';
import { DocumentFilters } from './document-filters';
import { DocumentList } from './document-list';

interface DocumentsProps {
  vaultId: string;
  /** How many the vault has in all. */
  count: number;
  listing: Listing;
  onListing: (listing: Listing) => void;
}

export function Documents({ vaultId, count, listing, onListing }: DocumentsProps) {
  const page = useQuery(documentPageQuery(vaultId, listing));
  const narrowed = isNarrowed(listing);
  return (
    <QueryView query={page}>
      {({ documents, total_count: total }) =>
        total === 0 && !narrowed ? (
          <EmptyState icon={IconFileText} title="No documents yet" compact>
            Drop a few above. You see here how each one is read, encrypted and made searchable, and why when one cannot
            be.
          </EmptyState>
        ) : (
          <Stack gap="sm">
            {(narrowed || count > 1 || total > 1) && (
              <DocumentFilters vaultId={vaultId} listing={listing} onChange={onListing} />
            )}
            {(narrowed || total > PAGE_SIZE) && (
              <Text fz="sm" c="dimmed" role="status">
                {narrowed
                  ? `${total} of ${formatCount(Math.max(count, total), 'document')}`
                  : formatCount(total, 'document')}
              </Text>
            )}
            {documents.length === 0 ? (
              <EmptyState
                icon={IconSearch}
                title={total === 0 ? 'No document is like that' : 'Nothing on this page'}
                compact
                action={
                  <Button
                    variant="default"
                    onClick={() => onListing({ name: '', tags: [], types: [], state: null, page: 1 })}
                  >
                    Show all documents
                  </Button>
                }
              >
                {total === 0
                  ? 'Take away a tag, or look for a shorter part of the name.'
                  : 'There are fewer documents than before.'}
              </EmptyState>
            ) : (
              <DocumentList
                documents={documents}
                onTag={(tag) => {
                  const tags = listing.tags.includes(tag) ? listing.tags : [...listing.tags, tag];
                  onListing({ ...listing, tags, page: 1 });
                }}
              />
            )}
            {total > PAGE_SIZE && (
              <Group justify="center">
                <Pagination
                  total={Math.ceil(total / PAGE_SIZE)}
                  value={listing.page}
                  onChange={(number) => onListing({ ...listing, page: number })}
                  getControlProps={(control) => ({ 'aria-label': CONTROLS[control] })}
                  aria-label="Pages of documents"
                />
              </Group>
            )}
          </Stack>
        )
      }
    </QueryView>
  );
}

const CONTROLS = { first: 'First page', previous: 'Page before', next: 'Next page', last: 'Last page' };
