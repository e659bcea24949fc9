/** One's licenses: what each still gives, and how to get more. */
import { Anchor, Badge, Button, Group, Modal, Paper, Progress, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';

import type { License } from '~/api/types';
import { Money, useCurrency } from '~/ui/currency';
import { formatCount, formatDateTime, formatRelative } from '~/ui/format';
import { MoneyInput } from '~/ui/money-input';
import { ProblemNotice, notifyProblem } from '~/ui/problem-notice';

import { useRenew, useTopUp } from '../api/wallet';
import { answersLeft, suggestedDeposit, termsInWords } from '../model/terms';

const STATES: Readonly<Record<string, { label: string; color: string }>> = {
  pending: { label: 'Waiting for the chain', color: 'yellow' },
  active: { label: 'Active', color: 'water' },
  expired: { label: 'Expired', color: 'gray' },
  frozen: { label: 'Frozen', color: 'red' },
};

export function LicenseList({ licenses, wallet }: { licenses: readonly License[]; wallet: 'managed' | 'external' }) {
  return (
    <Stack component="ul" gap="sm" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Licenses">
      {licenses.map((license) => (
        <li key={license.license_id}>
          <LicenseCard license={license} wallet={wallet} />
        </li>
      ))}
    </Stack>
  );
}

function LicenseCard({ license, wallet }: { license: License; wallet: 'managed' | 'external' }) {
  const currency = useCurrency();
  const renew = useRenew();
  const [toppingUp, setToppingUp] = useState(false);
  const { budget, terms, slug } = license;
  const state = STATES[license.state] ?? { label: license.state, color: 'gray' };
  return (
    <Paper p="md">
      <Group justify="space-between" align="flex-start" gap="md">
        <div>
          <Group gap="xs">
            {slug === null ? (
              <Text fw={600}>{license.agent_name}</Text>
            ) : (
              <Anchor component={Link} to={`/catalogue/${slug}`} c="inherit" fw={600}>
                {license.agent_name}
              </Anchor>
            )}
            <Badge color={state.color}>{state.label}</Badge>
          </Group>
          <Text fz="sm" c="dimmed">
            {termsInWords(terms, currency)}
            {license.expires_at !== null && (
              <span title={formatDateTime(license.expires_at)}>
                {license.state === 'expired' ? ', ended ' : ', ends '}
                {formatRelative(license.expires_at)}
              </span>
            )}
          </Text>
        </div>
        <Group gap="xs">
          {budget !== null && (
            <Button variant="default" size="xs" onClick={() => setToppingUp(true)}>
              Top up
            </Button>
          )}
          {terms.kind === 'time' && wallet === 'managed' && (
            <Button
              variant="default"
              size="xs"
              loading={renew.isPending}
              onClick={() => renew.mutate(license.license_id, { onError: notifyProblem })}
            >
              Renew
            </Button>
          )}
          {slug !== null && license.state === 'active' && (
            <Button component={Link} to={`/chat/with/${slug}`} size="xs">
              Ask
            </Button>
          )}
        </Group>
      </Group>
      {budget !== null && (
        <div style={{ marginTop: 12 }}>
          <Group justify="space-between" gap={4} fz="sm" mb={4}>
            <span>
              <Money amount={budget.available} /> left of <Money amount={budget.deposited} />
            </span>
            <Text fz="sm" c="dimmed">
              {Number.isFinite(answersLeft(budget.available, terms)) &&
                `enough for ${formatCount(answersLeft(budget.available, terms), 'answer')}`}
            </Text>
          </Group>
          <Progress
            value={budget.deposited === 0 ? 0 : (budget.available / budget.deposited) * 100}
            aria-label="Budget left"
          />
        </div>
      )}
      {toppingUp && <TopUpDialog license={license} wallet={wallet} onClose={() => setToppingUp(false)} />}
    </Paper>
  );
}

interface TopUpDialogProps {
  license: License;
  wallet: 'managed' | 'external';
  onClose: () => void;
}

export function TopUpDialog({ license, wallet, onClose }: TopUpDialogProps) {
  const [amount, setAmount] = useState<number | null>(suggestedDeposit(license.terms));
  const topUp = useTopUp(wallet);
  return (
    <Modal opened onClose={onClose} title={`Top up ${license.agent_name}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (amount !== null) topUp.mutate({ licenseId: license.license_id, amount }, { onSuccess: onClose });
        }}
      >
        <Stack>
          <MoneyInput label="Add to the budget" value={amount} onChange={setAmount} />
          {topUp.isError && <ProblemNotice error={topUp.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={topUp.isPending} disabled={amount === null || amount === 0}>
              Top up
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
