/** The second click of two: what it costs, what the wallet holds, and yes. */
import { Alert, Button, Divider, Group, Modal, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import type { Terms } from '~/api/types';
import { Money, useCurrency } from '~/ui/currency';
import { MoneyInput } from '~/ui/money-input';
import { ProblemNotice, notifyProblem } from '~/ui/problem-notice';

import { useBuy, useFaucet, walletQuery } from '../api/wallet';
import { answersLeft, dueNow, suggestedDeposit, termsInWords } from '../model/terms';

interface BuyDialogProps {
  agentName: string;
  terms: Terms;
  wallet: 'managed' | 'external';
  onClose: () => void;
  onBought: () => void;
}

export function BuyDialog({ agentName, terms, wallet, onClose, onBought }: BuyDialogProps) {
  const currency = useCurrency();
  const [deposit, setDeposit] = useState<number | null>(suggestedDeposit(terms));
  const holdings = useQuery(walletQuery);
  const buy = useBuy(wallet);
  const faucet = useFaucet();
  const due = dueNow(terms, deposit ?? 0);
  const isShort = holdings.data !== undefined && holdings.data.balance < due;

  return (
    <Modal opened onClose={onClose} title={`License ${agentName}`}>
      <Stack>
        <div>
          <Text fw={600}>{termsInWords(terms, currency)}</Text>
          <Text fz="sm" c="dimmed">
            {terms.kind === 'metered'
              ? 'You pay for answers only. A run that fails or that you stop costs nothing.'
              : 'Every answer until it ends is included.'}
          </Text>
        </div>
        {terms.kind === 'metered' && (
          <MoneyInput
            label="Budget"
            description={
              deposit === null ? undefined : `Enough for ${new Intl.NumberFormat().format(answersLeft(deposit, terms))} answers. You can top it up later.`
            }
            value={deposit}
            onChange={setDeposit}
          />
        )}
        <Divider />
        <Line label="You pay now">
          <Text fw={650}>
            <Money amount={due} />
          </Text>
        </Line>
        <Line label="In your wallet">{holdings.data === undefined ? '…' : <Money amount={holdings.data.balance} />}</Line>
        {isShort && (
          <Alert color="yellow" title="Your wallet holds too little">
            <Stack gap="xs" align="flex-start">
              <Text fz="sm">
                {holdings.data.can_use_faucet
                  ? 'This server runs on a test chain: its currency is free.'
                  : 'Send currency to your wallet’s address first; you find it on the account page.'}
              </Text>
              {holdings.data.can_use_faucet && (
                <Button
                  size="xs"
                  variant="default"
                  loading={faucet.isPending}
                  onClick={() => faucet.mutate(undefined, { onError: notifyProblem })}
                >
                  Get test currency
                </Button>
              )}
            </Stack>
          </Alert>
        )}
        {buy.isError && <ProblemNotice error={buy.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            data-autofocus
            loading={buy.isPending}
            disabled={deposit === null || isShort || holdings.data === undefined}
            onClick={() =>
              buy.mutate(
                { terms_id: terms.terms_id, deposit: terms.kind === 'metered' ? (deposit ?? 0) : 0 },
                {
                  onSuccess: () => {
                    notifications.show({ title: 'License bought', message: `You can ask ${agentName} now.` });
                    onBought();
                  },
                },
              )
            }
          >
            Confirm purchase
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Group justify="space-between" fz="sm">
      <Text fz="sm" c="dimmed">
        {label}
      </Text>
      <div>{children}</div>
    </Group>
  );
}
