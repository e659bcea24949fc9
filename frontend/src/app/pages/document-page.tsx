import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearchParams } from 'react-router';

import { documentQuery, documentTextQuery, vaultQuery } from '~/features/vaults/api/vaults';
import { DocumentReader } from '~/features/vaults/components/document-reader';
import { DocumentTags } from '~/features/vaults/components/document-tags';
import { formatBytes } from '~/ui/format';
import { Page } from '~/ui/page';
import { QueryView } from '~/ui/query-view';

export function DocumentPage() {
  const { documentId = '' } = useParams();
  const [search] = useSearchParams();
  const text = useQuery(documentTextQuery(documentId));
  const vaultId = text.data?.document.vault_id;
  const vault = useQuery({ ...vaultQuery(vaultId ?? ''), enabled: vaultId !== undefined });
  const document = useQuery(documentQuery(documentId));
  const start = Number(search.get('start'));
  const end = Number(search.get('end'));
  const highlight = end > start ? { start, end } : undefined;

  return (
    <QueryView query={text}>
      {(data) => (
        <Page
          title={data.document.name}
          description={`The text as the search reads it. ${formatBytes(data.document.size_bytes)}.`}
          trail={[
            { label: 'Vaults', to: '/vaults' },
            { label: vault.data?.name ?? 'Vault', to: `/vaults/${data.document.vault_id}` },
          ]}
          actions={
            <Button
              component="a"
              href={`/api/documents/${documentId}/original`}
              variant="default"
              leftSection={<IconDownload size={16} />}
            >
              Original
            </Button>
          }
        >
          <div style={{ maxWidth: '46rem', marginBottom: 16 }}>
            <DocumentTags document={document.data ?? data.document} />
          </div>
          <DocumentReader name={data.document.name} text={data} {...(highlight !== undefined && { highlight })} />
        </Page>
      )}
    </QueryView>
  );
}
