import { Badge, Group, Paper, Stack, Text } from '@mantine/core';

import type { ReactNode } from 'react';

import type { AgentVersion } from '~/api/types';
import { CopyLine } from '~/ui/copy-field';
import { formatDateTime, formatRelative } from '~/ui/format';

interface VersionListProps {
  versions: readonly AgentVersion[];
  /** What can be done with one of them. */
  actions?: (version: AgentVersion) => ReactNode;
}

export function VersionList({ versions, actions }: VersionListProps) {
  return (
    <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Versions">
      {versions.map((version, index) => (
        <Paper component="li" key={version.id} p="md">
          <Group justify="space-between">
            <Group gap="xs">
              <Text fw={600}>Version {version.number}</Text>
              {index === 0 && <Badge>Live</Badge>}
            </Group>
            <Text fz="sm" c="dimmed" title={formatDateTime(version.published_at)}>
              {formatRelative(version.published_at)}
            </Text>
          </Group>
          <Text fz="sm" mt={4} style={{ whiteSpace: 'pre-wrap' }}>
            {version.notes === '' ? 'Published without notes.' : version.notes}
          </Text>
          <Group gap="xs" mt="xs" fz="xs" c="dimmed">
            Graph digest
            <CopyLine value={version.graph_digest} shown={`${version.graph_digest.slice(0, 12)}…`} label="Copy digest" />
            {version.asset_id !== null && <span>Asset {version.asset_id}</span>}
          </Group>
          {actions !== undefined && (
            <Group gap="xs" mt="sm">
              {actions(version)}
            </Group>
          )}
        </Paper>
      ))}
    </Stack>
  );
}
