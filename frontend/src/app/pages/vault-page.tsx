import { ActionIcon, Menu, Tabs } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDots, IconFileText, IconPencil, IconSearch, IconShieldLock, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import { useQueryClient } from '@tanstack/react-query';

import { documentsQuery, useDeleteVault, vaultQuery } from '~/features/vaults/api/vaults';
import { AddWebPage } from '~/features/vaults/components/add-web-page';
import { AddDocuments } from '~/features/vaults/components/add-documents';
import { DocumentList } from '~/features/vaults/components/document-list';
import { EditVault } from '~/features/vaults/components/edit-vault';
import { IntakeStatus } from '~/features/vaults/components/intake-status';
import { TrySearch } from '~/features/vaults/components/try-search';
import { UnlockVault } from '~/features/vaults/components/unlock-vault';
import { VaultProtection } from '~/features/vaults/components/vault-protection';
import { isUnderWay } from '~/features/vaults/model/stages';
import { Confirm } from '~/ui/confirm';
import { EmptyState } from '~/ui/empty-state';
import { formatBytes, formatCount } from '~/ui/format';
import { Page } from '~/ui/page';
import { QueryView } from '~/ui/query-view';

export function VaultPage() {
  const { vaultId = '' } = useParams();
  const vault = useQuery(vaultQuery(vaultId));
  const isOpen = vault.data?.is_locked === false;
  const documents = useQuery({ ...documentsQuery(vaultId), enabled: isOpen });
  const [search, setSearch] = useSearchParams();
  const navigate = useNavigate();
  const client = useQueryClient();
  const remove = useDeleteVault();
  const [deleting, deletion] = useDisclosure(false);
  const [editing, edition] = useDisclosure(false);

  // When the last document has come through, the vault's counts have changed too.
  const moving = documents.data?.filter(isUnderWay).length ?? 0;
  useEffect(() => {
    void client.invalidateQueries({ queryKey: vaultQuery(vaultId).queryKey, exact: true });
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
            value={search.get('tab') ?? 'documents'}
            onChange={(tab) => setSearch(tab === 'documents' || tab === null ? {} : { tab }, { replace: true })}
          >
            <Tabs.List mb="lg">
              <Tabs.Tab value="documents" leftSection={<IconFileText size={16} />}>
                Documents
              </Tabs.Tab>
              <Tabs.Tab value="search" leftSection={<IconSearch size={16} />}>
                Try a search
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
                <QueryView query={documents}>
                  {(list) =>
                    list.length === 0 ? (
                      <EmptyState icon={IconFileText} title="No documents yet" compact>
                        Drop a few above. You see here how each one is read, encrypted and made searchable, and why when
                        one cannot be.
                      </EmptyState>
                    ) : (
                      <DocumentList documents={list} />
                    )
                  }
                </QueryView>
              </div>
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
