/** The passages that did not fit into the model's window: one quiet line, with names for whoever owns the vaults. */
import { Text } from '@mantine/core';

import type { Unread } from '~/api/types';

export function NotRead({ count, passages }: Unread) {
  if (count === 0) return null;
  const named = [...new Set(passages.map(({ document, page }) => `${document}${page === null ? '' : `, page ${page}`}`))];
  return (
    <Text fz="xs" c="dimmed" mt="sm" role="note" style={{ overflowWrap: 'anywhere' }}>
      {count === 1
        ? '1 passage was found that the model had no room for, and was not read'
        : `${count} passages were found that the model had no room for, and were not read`}
      {named.length === 0 ? '.' : `: ${named.join('; ')}.`}
    </Text>
  );
}
