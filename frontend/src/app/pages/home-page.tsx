/** What one has, what waits to be done, and the next step for who has just come. */
import { Anchor, Button, Group, Paper, SimpleGrid, Text } from '@mantine/core';
import { IconAlertCircle, IconCircleCheckFilled, IconCircleDashed, IconCoins, IconFileAlert, IconMessage } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';

import { agentsQuery } from '~/features/agents/api/agents';
import { AgentList } from '~/features/agents/components/agent-list';
import { catalogueQuery } from '~/features/catalogue/api/catalogue';
import { chatsQuery } from '~/features/chats/api/chats';
import { earningsQuery } from '~/features/earnings/api/earnings';
import { vaultsQuery } from '~/features/vaults/api/vaults';
import { VaultList } from '~/features/vaults/components/vault-list';
import { Money, useCurrency } from '~/ui/currency';
import { Facts } from '~/ui/facts';
import { formatCount, formatMoney } from '~/ui/format';
import { Page, Section } from '~/ui/page';

import { usePerson } from '../person';
import classes from './home-page.module.css';

export function HomePage() {
  const { user } = usePerson();
  const currency = useCurrency();
  const vaults = useQuery(vaultsQuery);
  const agents = useQuery(agentsQuery);
  const earnings = useQuery(earningsQuery);
  const chats = useQuery(chatsQuery);
  const catalogue = useQuery(catalogueQuery(''));

  const askable = catalogue.data?.find((entry) => entry.is_mine || entry.my_license?.state === 'active');
  const steps: { done: boolean; title: string; text: string; to: string; action: string }[] = [
    {
      done: (chats.data?.length ?? 0) > 0,
      title: 'Ask a first question',
      text: askable === undefined ? 'Find an agent in the catalogue.' : `“${askable.name}” is ready for you.`,
      to: askable === undefined ? '/catalogue' : `/chat/with/${askable.slug}`,
      action: askable === undefined ? 'Open the catalogue' : 'Ask',
    },
    {
      done: vaults.data?.some(({ document_count }) => document_count > 0) ?? false,
      title: 'Put documents in a vault',
      text: 'Drop a few files; they are encrypted and become searchable.',
      to: '/vaults',
      action: 'Open vaults',
    },
    {
      done: (agents.data?.length ?? 0) > 0,
      title: 'Draw an agent over them',
      text: 'Begin with a template and try it beside the drawing.',
      to: '/agents',
      action: 'New agent',
    },
    {
      done: agents.data?.some(({ slug }) => slug !== null) ?? false,
      title: 'Publish it with a price',
      text: 'Each answer then pays you and those who contributed.',
      to: '/agents',
      action: 'Open my agents',
    },
  ];
  const isLoaded = [vaults, agents, chats].every(({ data }) => data !== undefined);
  const isNew = isLoaded && steps.some(({ done }) => !done);
  const waiting = (vaults.data ?? []).filter(({ not_ready_count }) => not_ready_count > 0);
  const claimable = earnings.data?.totals.claimable ?? 0;

  return (
    <Page
      title={user.name === '' ? 'Welcome' : `Welcome, ${user.name}`}
      actions={
        askable !== undefined && (
          <Button component={Link} to={`/chat/with/${askable.slug}`} leftSection={<IconMessage size={16} />}>
            Ask {askable.name}
          </Button>
        )
      }
    >
      {isNew && (
        <Section title="First steps">
          <Paper component="ol" className={classes.steps} aria-label="First steps">
            {steps.map((step) => (
              <li key={step.title} className={classes.step} data-done={step.done || undefined}>
                {step.done ? (
                  <IconCircleCheckFilled size={22} className={classes.done} aria-label="Done" />
                ) : (
                  <IconCircleDashed size={22} className={classes.open} aria-label="To do" />
                )}
                <div className={classes.text}>
                  <Text fw={550}>{step.title}</Text>
                  <Text fz="sm" c="dimmed">
                    {step.text}
                  </Text>
                </div>
                {!step.done && (
                  <Button component={Link} to={step.to} variant="default" size="xs">
                    {step.action}
                  </Button>
                )}
              </li>
            ))}
          </Paper>
        </Section>
      )}
      {(waiting.length > 0 || claimable > 0) && (
        <Section title="Waiting for you">
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            {waiting.map((vault) => (
              <Notice key={vault.id} icon={<IconFileAlert size={20} />} to={`/vaults/${vault.id}`}>
                {formatCount(vault.not_ready_count, 'document')} in “{vault.name}”{' '}
                {vault.not_ready_count === 1 ? 'is' : 'are'} not ready
              </Notice>
            ))}
            {claimable > 0 && (
              <Notice icon={<IconCoins size={20} />} to="/earnings">
                {formatMoney(claimable, currency)} to claim
              </Notice>
            )}
          </SimpleGrid>
        </Section>
      )}
      {earnings.data !== undefined && earnings.data.receipts.length > 0 && (
        <Section title="Earnings" actions={<More to="/earnings" />}>
          <Facts
            facts={[
              { label: 'Earned', value: <Money amount={earnings.data.totals.earned} /> },
              { label: 'Not settled yet', value: <Money amount={earnings.data.totals.unsettled} /> },
              {
                label: 'Uses',
                value: new Intl.NumberFormat().format(earnings.data.receipts.reduce((sum, { uses }) => sum + uses, 0)),
              },
            ]}
          />
        </Section>
      )}
      {agents.data !== undefined && agents.data.length > 0 && (
        <Section title="My agents" actions={<More to="/agents" />}>
          <AgentList agents={agents.data.slice(0, 4)} />
        </Section>
      )}
      {vaults.data !== undefined && vaults.data.length > 0 && (
        <Section title="Vaults" actions={<More to="/vaults" />}>
          <VaultList vaults={vaults.data.slice(0, 3)} />
        </Section>
      )}
      {[vaults, agents].some(({ isError }) => isError) && (
        <Group gap="xs" c="dimmed" mt="lg">
          <IconAlertCircle size={18} aria-hidden />
          <Text fz="sm">Some of this page could not be loaded. It is tried again when you come back to it.</Text>
        </Group>
      )}
    </Page>
  );
}

function More({ to }: { to: string }) {
  return (
    <Anchor component={Link} to={to} fz="sm">
      See all
    </Anchor>
  );
}

function Notice({ icon, to, children }: { icon: ReactNode; to: string; children: ReactNode }) {
  return (
    <Paper component={Link} to={to} p="md" className={classes.notice}>
      {icon}
      <Text fz="sm" fw={550}>
        {children}
      </Text>
    </Paper>
  );
}
