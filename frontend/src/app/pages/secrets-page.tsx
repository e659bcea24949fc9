import { Button } from '@mantine/core';
import { IconLock, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import type { StoredSecret } from '~/api/types';
import { secretsQuery } from '~/features/secrets/api/secrets';
import { SecretForm } from '~/features/secrets/components/secret-form';
import { SecretTable } from '~/features/secrets/components/secret-table';
import { EmptyState } from '~/ui/empty-state';
import { Page } from '~/ui/page';
import { QueryView } from '~/ui/query-view';

export function SecretsPage() {
  const secrets = useQuery(secretsQuery);
  const [form, setForm] = useState<{ secret: StoredSecret | null } | null>(null);
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setForm({ secret: null })}>
      New secret
    </Button>
  );
  return (
    <Page
      title="Secrets"
      description="Keys of other people’s services that your agents send along. They are in no drawing, file or test run."
      actions={secrets.data !== undefined && secrets.data.length > 0 && add}
    >
      <QueryView query={secrets}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={IconLock} title="No secrets yet" action={add}>
              Where a web service or an MCP server wants a key, save it here and choose it in the step. It is sent only to the
              hosts that you name.
            </EmptyState>
          ) : (
            <SecretTable secrets={list} onReplace={(secret) => setForm({ secret })} />
          )
        }
      </QueryView>
      {form !== null && <SecretForm secret={form.secret} onClose={() => setForm(null)} />}
    </Page>
  );
}
