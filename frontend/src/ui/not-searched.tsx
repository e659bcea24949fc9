/** What an answer could not look at: one quiet line, with names for whoever owns the vaults. */
import { Anchor, Text } from '@mantine/core';
import { Link } from 'react-router';

import type { NotReady } from '~/api/types';

const STATES: Readonly<Record<NotReady['documents'][number]['stage'], string>> = {
  waiting: 'waiting to be read',
  reading: 'reading',
  preparing: 'being made searchable',
  failed: 'failed',
  stopped: 'stopped',
};

export function NotSearched({ count, documents }: NotReady) {
  if (count === 0) return null;
  const vaults = [...new Set(documents.map(({ vault_id }) => vault_id))];
  const named = documents.map(({ document, stage, reason }) => `${document} (${STATES[stage]}${reason === '' ? '' : `: ${reason}`})`);
  const more = count - documents.length;
  return (
    <Text fz="xs" c="dimmed" mt="sm" role="note" style={{ overflowWrap: 'anywhere' }}>
      {count === 1 ? '1 file was' : `${count} files were`} not ready and {count === 1 ? 'was' : 'were'} not searched
      {named.length === 0 ? '.' : `: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`}
      {vaults.map((vault, index) => (
        <Anchor key={vault} component={Link} to={`/vaults/${vault}`} fz="xs" ml={6}>
          {vaults.length === 1 ? 'Open the vault' : `Open vault ${index + 1}`}
        </Anchor>
      ))}
    </Text>
  );
}
