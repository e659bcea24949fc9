import { Alert, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconMessage } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';

import { catalogueEntryQuery } from '~/features/catalogue/api/catalogue';
import { LicenseList } from '~/features/wallet/components/license-list';
import { Offers } from '~/features/wallet/components/offers';
import { CopyLine } from '~/ui/copy-field';
import { formatRelative, shortHex } from '~/ui/format';
import { Page, Section } from '~/ui/page';
import { QueryView } from '~/ui/query-view';
import { ShareBar } from '~/ui/share-bar';

import { useWalletKind } from '../person';

export function CatalogueAgentPage() {
  const { slug = '' } = useParams();
  const entry = useQuery(catalogueEntryQuery(slug));
  const wallet = useWalletKind();
  return (
    <QueryView query={entry}>
      {(agent) => {
        const mayAsk = agent.is_mine || agent.my_license?.state === 'active';
        return (
          <Page
            title={agent.name}
            description={`By ${agent.author.name} · version ${agent.version}, published ${formatRelative(agent.published_at)}`}
            trail={[{ label: 'Catalogue', to: '/catalogue' }]}
            actions={
              mayAsk && (
                <Button component={Link} to={`/chat/with/${slug}`} leftSection={<IconMessage size={16} />}>
                  Ask it
                </Button>
              )
            }
          >
            <Text maw={640} style={{ whiteSpace: 'pre-wrap' }} mb="xl">
              {agent.description === '' ? 'Its author has not described it yet.' : agent.description}
            </Text>
            {agent.is_mine ? (
              <Alert color="water" mb="xl" title="This agent is yours">
                <Text fz="sm">
                  You ask it for free. Others license it under the terms below, and what they pay goes to the shares.
                </Text>
              </Alert>
            ) : (
              agent.my_license !== null && (
                <Section title="Your license">
                  <LicenseList licenses={[agent.my_license]} wallet={wallet} />
                </Section>
              )
            )}
            <Section
              title={agent.is_mine ? 'Terms' : agent.my_license?.state === 'active' ? 'Other ways to license it' : 'License it'}
            >
              {agent.terms.length === 0 ? (
                <Text c="dimmed" fz="sm">
                  It is not offered at present.
                </Text>
              ) : (
                <Offers agentName={agent.name} terms={agent.terms} wallet={wallet} isQuiet={mayAsk} isOwn={agent.is_mine} />
              )}
            </Section>
            <Section title="Who is paid by each answer">
              <Paper p="md">
                <ShareBar shares={agent.shares} />
              </Paper>
            </Section>
            <Section title="For programs">
              <Stack gap={6}>
                <Group gap="xs" fz="sm">
                  <Text fz="sm" c="dimmed" w={110}>
                    Model name
                  </Text>
                  <CopyLine value={slug} label="Copy model name" />
                </Group>
                <Group gap="xs" fz="sm">
                  <Text fz="sm" c="dimmed" w={110}>
                    Author’s wallet
                  </Text>
                  <CopyLine value={agent.author.address} shown={shortHex(agent.author.address)} label="Copy address" />
                </Group>
                <Group gap="xs" fz="sm">
                  <Text fz="sm" c="dimmed" w={110}>
                    Asset on chain
                  </Text>
                  <Text fz="sm">{agent.asset_id}</Text>
                </Group>
              </Stack>
            </Section>
          </Page>
        );
      }}
    </QueryView>
  );
}
