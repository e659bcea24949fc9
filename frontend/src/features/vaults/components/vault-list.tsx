import { Badge, Group, Paper, SimpleGrid, Text } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { Link } from 'react-router';

import type { Vault } from '~/api/types';
import { formatBytes, formatCount } from '~/ui/format';

import classes from './vault-list.module.css';

export function VaultList({ vaults }: { vaults: readonly Vault[] }) {
  return (
    <SimpleGrid component="ul" cols={{ base: 1, sm: 2, lg: 3 }} p={0} m={0} className={classes.list} aria-label="Vaults">
      {vaults.map((vault) => (
        <li key={vault.id}>
          <Paper component={Link} to={`/vaults/${vault.id}`} p="md" className={classes.card}>
            <Group gap="xs" wrap="nowrap" align="flex-start" justify="space-between">
              <Text fw={600} truncate>
                {vault.name}
              </Text>
              <IconLock size={16} className={classes.lock} aria-label="Encrypted" />
            </Group>
            <Text fz="sm" c="dimmed" lineClamp={2} mih="2.6em">
              {vault.is_locked ? 'Its owner holds the key. Open it to unlock it.' : vault.description || 'No description yet.'}
            </Text>
            <Group gap="xs" fz="xs" c="dimmed">
              <span>{formatCount(vault.document_count, 'document')}</span>
              <span aria-hidden>·</span>
              <span>{formatBytes(vault.size_bytes)}</span>
              {vault.is_locked && <Badge color="gray">Locked</Badge>}
              {vault.not_ready_count > 0 && <Badge color="yellow">{vault.not_ready_count} not ready</Badge>}
            </Group>
          </Paper>
        </li>
      ))}
    </SimpleGrid>
  );
}
