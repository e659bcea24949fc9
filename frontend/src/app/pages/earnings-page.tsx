import { Button, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconCoins, IconFileExport } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { earningsQuery, useClaimEarnings, useSettleNow } from '~/features/earnings/api/earnings';
import { ReceiptTable } from '~/features/earnings/components/receipt-table';
import { SettlementTable } from '~/features/earnings/components/settlement-table';
import { Money, useCurrency } from '~/ui/currency';
import { EmptyState } from '~/ui/empty-state';
import { Facts } from '~/ui/facts';
import { formatMoney } from '~/ui/format';
import { Page, Section } from '~/ui/page';
import { notifyProblem } from '~/ui/problem-notice';
import { QueryView } from '~/ui/query-view';

import { usePerson } from '../person';

export function EarningsPage() {
  const { user } = usePerson();
  const currency = useCurrency();
  const earnings = useQuery({ ...earningsQuery, refetchInterval: 10_000 });
  const claim = useClaimEarnings();
  const settle = useSettleNow();
  const claimable = earnings.data?.totals.claimable ?? 0;
  return (
    <Page
      title="Earnings"
      description="What your receipts earn: your share of every answer that rests on what you made or contributed."
      actions={
        <>
          {user.is_operator && (
            <Button
              variant="default"
              leftSection={<IconFileExport size={16} />}
              loading={settle.isPending}
              onClick={() =>
                settle.mutate(undefined, {
                  onSuccess: (made) =>
                    notifications.show({
                      message: made.length === 0 ? 'There was nothing to settle.' : 'Settled on chain.',
                    }),
                  onError: notifyProblem,
                })
              }
            >
              Settle now
            </Button>
          )}
          <Button
            leftSection={<IconCoins size={16} />}
            disabled={claimable === 0}
            loading={claim.isPending}
            onClick={() =>
              claim.mutate(undefined, {
                onSuccess: ({ amount }) =>
                  notifications.show({ title: 'Claimed', message: `${formatMoney(amount, currency)} moved to your wallet.` }),
                onError: notifyProblem,
              })
            }
          >
            Claim {claimable > 0 && formatMoney(claimable, currency)}
          </Button>
        </>
      }
    >
      <QueryView query={earnings}>
        {({ totals, receipts, settlements }) => (
          <>
            <Facts
              facts={[
                { label: 'Earned', value: <Money amount={totals.earned} />, hint: 'settled on chain' },
                { label: 'Not settled yet', value: <Money amount={totals.unsettled} />, hint: 'charged, on its way' },
                { label: 'To claim', value: <Money amount={totals.claimable} /> },
                { label: 'Claimed', value: <Money amount={totals.claimed} /> },
              ]}
            />
            <div style={{ height: '2.25rem' }} />
            <Section title="Receipts" description="A receipt is yours for good and cannot be transferred.">
              {receipts.length === 0 ? (
                <EmptyState icon={IconCoins} title="No receipts yet" compact>
                  You get one for every agent you publish, and for every agent whose author gives you a share.
                </EmptyState>
              ) : (
                <ReceiptTable receipts={receipts} />
              )}
            </Section>
            <Section title="Settlements" description="Many charges are paid by one transaction.">
              {settlements.length === 0 ? (
                <Text fz="sm" c="dimmed">
                  Nothing was settled yet. It happens by itself once charges have come together.
                </Text>
              ) : (
                <SettlementTable settlements={settlements} />
              )}
            </Section>
          </>
        )}
      </QueryView>
    </Page>
  );
}
