import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconVault } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { vaultsQuery } from '~/features/vaults/api/vaults';
import { NewVault } from '~/features/vaults/components/new-vault';
import { VaultList } from '~/features/vaults/components/vault-list';
import { EmptyState } from '~/ui/empty-state';
import { Page } from '~/ui/page';
import { QueryView } from '~/ui/query-view';

export function VaultsPage() {
  const vaults = useQuery(vaultsQuery);
  const [opened, { open, close }] = useDisclosure(false);
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={open}>
      New vault
    </Button>
  );
  return (
    <Page
      title="Vaults"
      description="Encrypted collections of your documents. Agents answer from them; nobody reads them."
      actions={vaults.data !== undefined && vaults.data.length > 0 && add}
    >
      <QueryView query={vaults}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={IconVault} title="Begin with a vault" action={add}>
              Put documents in it: handbooks, papers, notes, tables. They are encrypted under your own key before they are
              stored, and become searchable for the agents you build.
            </EmptyState>
          ) : (
            <VaultList vaults={list} />
          )
        }
      </QueryView>
      <NewVault opened={opened} onClose={close} />
    </Page>
  );
}
