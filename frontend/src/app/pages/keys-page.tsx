import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { catalogueQuery } from '~/features/catalogue/api/catalogue';
import { apiKeysQuery } from '~/features/keys/api/keys';
import { ApiKeyTable, NewApiKey, Snippets } from '~/features/keys/components/api-keys';
import { EmptyState } from '~/ui/empty-state';
import { Page, Section } from '~/ui/page';
import { QueryView } from '~/ui/query-view';

export function KeysPage() {
  const apiKeys = useQuery(apiKeysQuery);
  const catalogue = useQuery(catalogueQuery(''));
  const [opened, { open, close }] = useDisclosure(false);
  const [secret, setSecret] = useState<string | null>(null);
  const usable = (catalogue.data ?? []).filter((entry) => entry.is_mine || entry.my_license !== null);
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={open}>
      New key
    </Button>
  );
  return (
    <Page
      title="API keys"
      description="Let programs ask agents in your name. What they use is charged to your licenses."
      actions={apiKeys.data !== undefined && apiKeys.data.length > 0 && add}
    >
      <QueryView query={apiKeys}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={IconKey} title="No keys yet" action={add}>
              A key lets a program ask the agents that you may ask. You can limit it to some of them and revoke it at once.
            </EmptyState>
          ) : (
            <ApiKeyTable keys={list} />
          )
        }
      </QueryView>
      <div style={{ height: '2.25rem' }} />
      <Section
        title="Ask from a program"
        description={
          secret === null ? 'Put your key where it says YOUR_KEY.' : 'Your new key is filled in until you leave this page.'
        }
      >
        <Snippets
          origin={globalThis.location.origin}
          apiKey={secret ?? 'YOUR_KEY'}
          slug={usable[0]?.slug ?? catalogue.data?.[0]?.slug ?? 'sample'}
        />
      </Section>
      <NewApiKey
        opened={opened}
        onClose={close}
        onCreated={setSecret}
        agents={usable.map(({ slug, name }) => ({ slug, name }))}
      />
    </Page>
  );
}
