import { Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconDroplet } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { CopyLine } from '~/ui/copy-field';
import { Money } from '~/ui/currency';
import { notifyProblem } from '~/ui/problem-notice';
import { QueryView } from '~/ui/query-view';

import { useFaucet, walletQuery } from '../api/wallet';

export function WalletCard({ kind }: { kind: string }) {
  const wallet = useQuery(walletQuery);
  const faucet = useFaucet();
  return (
    <QueryView query={wallet} rows={1}>
      {({ address, balance, can_use_faucet }) => (
        <Paper p="lg">
          <Group justify="space-between" align="flex-start">
            <Stack gap={4}>
              <Text fz="xs" c="dimmed">
                Balance
              </Text>
              <Text fz="1.75rem" fw={620} lh={1.2}>
                <Money amount={balance} />
              </Text>
              <CopyLine value={address} label="Copy address" />
              <Text fz="sm" c="dimmed" maw={460}>
                {kind === 'managed'
                  ? 'This wallet is kept here for you; its key is encrypted. You buy and claim without signing anything.'
                  : 'This is your own wallet. Its key never comes here: your browser asks you to sign each purchase.'}
              </Text>
            </Stack>
            {can_use_faucet && (
              <Button
                variant="default"
                leftSection={<IconDroplet size={16} />}
                loading={faucet.isPending}
                onClick={() => faucet.mutate(undefined, { onError: notifyProblem })}
              >
                Get test currency
              </Button>
            )}
          </Group>
        </Paper>
      )}
    </QueryView>
  );
}
