import { Button } from '@mantine/core';
import { IconCertificate } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import { licensesQuery } from '~/features/wallet/api/wallet';
import { LicenseList } from '~/features/wallet/components/license-list';
import { EmptyState } from '~/ui/empty-state';
import { Page } from '~/ui/page';
import { QueryView } from '~/ui/query-view';

import { useWalletKind } from '../person';

export function LicensesPage() {
  const licenses = useQuery(licensesQuery);
  const wallet = useWalletKind();
  return (
    <Page title="My licenses" description="Your rights to ask the agents of others. Each is yours on chain.">
      <QueryView query={licenses}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState
              icon={IconCertificate}
              title="No licenses yet"
              action={
                <Button component={Link} to="/catalogue">
                  Open the catalogue
                </Button>
              }
            >
              Choose an agent and an offer; two clicks, and you can ask it. Agents of your own need no license.
            </EmptyState>
          ) : (
            <LicenseList licenses={list} wallet={wallet} />
          )
        }
      </QueryView>
    </Page>
  );
}
