import { Button } from '@mantine/core';
import { IconVersions } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';

import { agentQuery } from '~/features/graphs/api/draft';
import { versionsQuery } from '~/features/publishing/api/publishing';
import { VersionList } from '~/features/publishing/components/version-list';
import { EmptyState } from '~/ui/empty-state';
import { Page } from '~/ui/page';
import { QueryView } from '~/ui/query-view';

export function VersionsPage() {
  const { agentId = '' } = useParams();
  const agent = useQuery(agentQuery(agentId));
  const versions = useQuery(versionsQuery(agentId));
  return (
    <Page
      title="Versions"
      description="A published version stays as it was, with its price and shares. Those who pin it keep it."
      trail={[
        { label: 'My agents', to: '/agents' },
        { label: agent.data?.name ?? 'Agent', to: `/agents/${agentId}` },
      ]}
      actions={
        <Button component={Link} to={`/agents/${agentId}`}>
          Open the draft
        </Button>
      }
    >
      <QueryView query={versions}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={IconVersions} title="Not published yet">
              Open the draft, try it, and publish it when it answers well.
            </EmptyState>
          ) : (
            <VersionList versions={list} />
          )
        }
      </QueryView>
    </Page>
  );
}
