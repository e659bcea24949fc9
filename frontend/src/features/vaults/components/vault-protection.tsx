/** How a vault is kept: its protection level, its keys, and who holds them. */
import { Button, Group, Paper, Progress, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import type { Vault } from '~/api/types';
import { ProblemNotice, notifyProblem } from '~/ui/problem-notice';
import { QueryView } from '~/ui/query-view';

import { useProtect, useReplaceKeys, vaultKeysQuery } from '../api/keys';
import { OwnerMode } from './owner-mode';
import { ProtectionChoice } from './protection-choice';

export function VaultProtection({ vault }: { vault: Vault }) {
  return (
    <Stack gap="xl" maw={720}>
      <Level vault={vault} />
      <OwnerMode vault={vault} />
      <Keys vault={vault} />
    </Stack>
  );
}

function Level({ vault }: { vault: Vault }) {
  const [chosen, setChosen] = useState(vault.protection);
  const protect = useProtect(vault.id);
  return (
    <Stack gap="sm" component="section" aria-label="What lies at rest">
      <Title order={2} fz="lg">
        What lies at rest
      </Title>
      <ProtectionChoice value={chosen} onChange={setChosen} />
      {vault.reindexing !== null && (
        <div role="status">
          <Text fz="sm" mb={4}>
            A new index is being built. The one before serves until it is ready.
          </Text>
          <Progress value={Math.max(4, vault.reindexing.progress * 100)} animated aria-label="Building the index" />
        </div>
      )}
      {protect.isError && <ProblemNotice error={protect.error} />}
      {chosen !== vault.protection && vault.reindexing === null && (
        <Group>
          <Button loading={protect.isPending} onClick={() => protect.mutate(chosen)}>
            Change protection
          </Button>
          <Text fz="sm" c="dimmed">
            Searches go on meanwhile.
          </Text>
        </Group>
      )}
    </Stack>
  );
}

function Keys({ vault }: { vault: Vault }) {
  const keys = useQuery(vaultKeysQuery(vault.id));
  const replace = useReplaceKeys(vault.id);
  return (
    <Stack gap="sm" component="section" aria-label="Keys">
      <Title order={2} fz="lg">
        Keys
      </Title>
      <QueryView query={keys} rows={1}>
        {(state) => (
          <Paper p="md">
            <Text fz="sm">
              Replace a key when somebody may have seen it, or as your rules ask. Nothing becomes unavailable meanwhile. This
              vault has its key number {state.key_version} and its search secret number {state.search_version}.
            </Text>
            {state.rotations
              .filter((rotation) => rotation.is_under_way)
              .map((rotation) => (
                <div key={rotation.what} role="status">
                  <Text fz="sm" mt="sm" mb={4}>
                    {rotation.what === 'vault' ? 'Documents’ keys are being sealed anew' : 'The index is being built anew'}:{' '}
                    {rotation.done} of {rotation.total}
                  </Text>
                  <Progress value={(100 * rotation.done) / Math.max(1, rotation.total)} aria-label="Replacing the key" />
                </div>
              ))}
            {state.rotations.map(
              ({ what, problem }) =>
                problem !== null && (
                  <Text key={what} fz="sm" c="var(--q-bad)" mt="xs">
                    {problem}
                  </Text>
                ),
            )}
            <Group gap="xs" mt="sm">
              <Button
                variant="default"
                size="xs"
                loading={replace.isPending && replace.variables === 'vault'}
                onClick={() => replace.mutate('vault', { onError: notifyProblem })}
              >
                Replace the vault key
              </Button>
              <Button
                variant="default"
                size="xs"
                loading={replace.isPending && replace.variables === 'search'}
                onClick={() => replace.mutate('search', { onError: notifyProblem })}
              >
                Replace the search secret
              </Button>
            </Group>
          </Paper>
        )}
      </QueryView>
    </Stack>
  );
}
