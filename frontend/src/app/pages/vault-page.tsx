import { ActionIcon, Menu, Tabs } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCut, IconDots, IconFileText, IconPencil, IconSearch, IconShieldLock, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import { useQueryClient } from '@tanstack/react-query';

import { documentPageQuery } from '~/features/vaults/api/documents';
import { useDeleteVault, vaultQuery } from '~/features/vaults/api/vaults';
import { AddWebPage } from '~/features/vaults/components/add-web-page';
import { AddDocuments } from '~/features/vaults/components/add-documents';
import { ChunkSettings } from '~/features/vaults/components/chunk-settings';
import { Documents } from '~/features/vaults/components/documents';
import { EditVault } from '~/features/vaults/components/edit-vault';
import { IntakeStatus } from '~/features/vaults/components/intake-status';
import { TrySearch } from '~/features/vaults/components/try-search';
import { UnlockVault } from '~/features/vaults/components/unlock-vault';
import { VaultProtection } from '~/features/vaults/components/vault-protection';
import { addressOf, listingOf } from '~/features/vaults/model/listing';
import { Confirm } from '~/ui/confirm';
import { formatBytes, formatCount } from '~/ui/format';
import { Page } from '~/ui/page';
import { QueryView } from '~/ui/query-view';

export function VaultPage() {
  const { vaultId = '' } = useParams();
  const vault = useQuery(vaultQuery(vaultId));
  const isOpen = vault.data?.is_locked === false;
  const [search, setSearch] = useSearchParams();
  const tab = search.get('tab') ?? 'documents';
  const listing = listingOf(search);
  const documents = useQuery({ ...documentPageQuery(vaultId, listing), enabled: isOpen });
  const navigate = useNavigate();
  const client = useQueryClient();
  const remove = useDeleteVault();
  const [deleting, deletion] = useDisclosure(false);
  const [editing, edition] = useDisclosure(false);

  // When a document has come through, the vault's counts have changed too, and perhaps the document's text.
  const moving = documents.data?.under_way_count ?? 0;
  useEffect(() => {
    void client.invalidateQueries({ queryKey: vaultQuery(vaultId).queryKey, exact: true });
    void client.invalidateQueries({ queryKey: ['documents'] });
  }, [moving, client, vaultId]);

  return (
    <QueryView query={vault}>
      {(data) => (
        <Page
          title={data.name}
          description={[
            data.description,
            `${formatCount(data.document_count, 'document')}, ${formatCount(data.chunk_count, 'chunk')}, ${formatBytes(data.size_bytes)}, encrypted at rest.`,
          ]
            .filter((part) => part !== '')
            .join(' · ')}
          trail={[{ label: 'Vaults', to: '/vaults' }]}
          actions={
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon variant="default" size={34} aria-label="More about this vault">
                  <IconDots size={18} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconPencil size={16} />} onClick={edition.open}>
                  Name and description
                </Menu.Item>
                <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={deletion.open}>
                  Delete vault
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          }
        >
          {data.is_locked ? (
            <UnlockVault vaultId={vaultId} />
          ) : (
          <Tabs
            value={tab}
            onChange={(tab) => setSearch(tab === 'documents' || tab === null ? {} : { tab }, { replace: true })}
          >
            <Tabs.List mb="lg">
              <Tabs.Tab value="documents" leftSection={<IconFileText size={16} />}>
                Documents
              </Tabs.Tab>
              <Tabs.Tab value="search" leftSection={<IconSearch size={16} />}>
                Try a search
              </Tabs.Tab>
              <Tabs.Tab value="chunks" leftSection={<IconCut size={16} />}>
                Chunks
              </Tabs.Tab>
              <Tabs.Tab value="protection" leftSection={<IconShieldLock size={16} />}>
                Protection
              </Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="documents">
              <AddDocuments vaultId={vaultId} />
              <div style={{ marginTop: 16 }}>
                <AddWebPage vaultId={vaultId} />
              </div>
              {moving > 0 && <IntakeStatus vaultId={vaultId} />}
              <div style={{ marginTop: 20 }}>
                <Documents
                  vaultId={vaultId}
                  count={data.document_count}
                  listing={listing}
                  onListing={(next) => setSearch(addressOf(next), { replace: true })}
                />
              </div>
            </Tabs.Panel>
            <Tabs.Panel value="chunks">
              {tab === 'chunks' && <ChunkSettings vault={data} />}
            </Tabs.Panel>
            <Tabs.Panel value="protection">
              <VaultProtection vault={data} />
            </Tabs.Panel>
            <Tabs.Panel value="search">
              <TrySearch vaultId={vaultId} />
            </Tabs.Panel>
          </Tabs>
          )}
          {editing && <EditVault vault={data} onClose={edition.close} />}
          <Confirm
            opened={deleting}
            title="Delete this vault?"
            confirmLabel="Delete for good"
            busy={remove.isPending}
            error={remove.error}
            onClose={deletion.close}
            onConfirm={() => remove.mutate(vaultId, { onSuccess: () => void navigate('/vaults') })}
          >
            The keys of <strong>{data.name}</strong> are destroyed first, then its{' '}
            {formatCount(data.document_count, 'document')}. Nobody can read them again, not even from a backup. Agents that
            search it find nothing there any more.
          </Confirm>
        </Page>
      )}
    </QueryView>
  );
}
