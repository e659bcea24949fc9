import { Button, Group, Paper, Table } from '@mantine/core';
import { useState } from 'react';

import type { StoredSecret } from '~/api/types';
import { Confirm } from '~/ui/confirm';
import { formatDateTime, formatRelative } from '~/ui/format';

import { useDeleteSecret } from '../api/secrets';

interface SecretTableProps {
  secrets: readonly StoredSecret[];
  onReplace: (secret: StoredSecret) => void;
}

export function SecretTable({ secrets, onReplace }: SecretTableProps) {
  const [doomed, setDoomed] = useState<StoredSecret | null>(null);
  const remove = useDeleteSecret();
  return (
    <>
      <Paper style={{ overflowX: 'auto' }}>
        <Table aria-label="Secrets" verticalSpacing="sm" horizontalSpacing="md">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>May be sent to</Table.Th>
              <Table.Th>Saved</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {secrets.map((secret) => (
              <Table.Tr key={secret.id}>
                <Table.Td fw={550}>{secret.name}</Table.Td>
                <Table.Td>{secret.hosts.join(', ')}</Table.Td>
                <Table.Td title={formatDateTime(secret.created_at)}>{formatRelative(secret.created_at)}</Table.Td>
                <Table.Td>{secret.last_used_at === null ? 'never' : formatRelative(secret.last_used_at)}</Table.Td>
                <Table.Td>
                  <Group gap="xs" justify="flex-end" wrap="nowrap">
                    <Button size="xs" variant="default" aria-label={`Replace ${secret.name}`} onClick={() => onReplace(secret)}>
                      Replace
                    </Button>
                    <Button size="xs" variant="default" aria-label={`Delete ${secret.name}`} onClick={() => setDoomed(secret)}>
                      Delete
                    </Button>
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
      <Confirm
        opened={doomed !== null}
        title="Delete this secret?"
        confirmLabel="Delete"
        busy={remove.isPending}
        error={remove.error}
        onClose={() => setDoomed(null)}
        onConfirm={() => {
          if (doomed !== null) remove.mutate(doomed.id, { onSuccess: () => setDoomed(null) });
        }}
      >
        Steps of your agents that use <strong>{doomed?.name}</strong> fail from now on, published ones too.
      </Confirm>
    </>
  );
}
