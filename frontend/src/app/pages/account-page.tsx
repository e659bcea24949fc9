import { Text } from '@mantine/core';

import { AccountForm } from '~/features/session/components/account-form';
import { WalletCard } from '~/features/wallet/components/wallet-card';
import { CopyLine } from '~/ui/copy-field';
import { Page, Section } from '~/ui/page';

import { usePerson } from '../person';
import classes from './account-page.module.css';

export function AccountPage() {
  const { user, chain, models } = usePerson();
  return (
    <Page title="Account and wallet" width="narrow">
      <Section title="Wallet">
        <WalletCard kind={user.wallet} />
      </Section>
      <Section title="You">
        <AccountForm user={user} />
      </Section>
      <Section title="This server" description={user.is_operator ? 'You are its operator.' : undefined}>
        <dl className={classes.facts}>
          <dt>Language model</dt>
          <dd>{models.llm}</dd>
          <dt>Embedding model</dt>
          <dd>{models.embedder}</dd>
          <dt>Chain</dt>
          <dd>
            {chain.chain_id}
            {chain.local && ', a test chain on this machine: its currency is worth nothing'}
          </dd>
          {Object.entries(chain.contracts).map(([name, address]) => (
            <div key={name} className={classes.pair}>
              <dt>{name}</dt>
              <dd>
                <CopyLine value={address} label={`Copy address of ${name}`} />
              </dd>
            </div>
          ))}
        </dl>
        <Text fz="xs" c="dimmed" mt="md">
          Nothing you do here leaves this server, except what you publish on its chain.
        </Text>
      </Section>
    </Page>
  );
}
