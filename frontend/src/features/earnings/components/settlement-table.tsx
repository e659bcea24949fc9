/** The chain transactions that paid many charges at once. */
import { Badge, Paper, Table } from '@mantine/core';

import type { Settlement } from '~/api/types';
import { CopyLine } from '~/ui/copy-field';
import { Money } from '~/ui/currency';
import { formatDateTime, formatRelative, shortHex } from '~/ui/format';

import classes from './tables.module.css';

const GOOD = new Set(['confirmed', 'settled', 'final', 'mined']);

export function SettlementTable({ settlements }: { settlements: readonly Settlement[] }) {
  return (
    <Paper className={classes.scroll}>
      <Table aria-label="Settlements" verticalSpacing="sm" horizontalSpacing="md">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>When</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th className={classes.number}>Charges</Table.Th>
            <Table.Th className={classes.number}>Amount</Table.Th>
            <Table.Th>Transaction</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {settlements.map((settlement) => (
            <Table.Tr key={settlement.id}>
              <Table.Td title={formatDateTime(settlement.at)}>{formatRelative(settlement.at)}</Table.Td>
              <Table.Td>
                <Badge color={GOOD.has(settlement.state) ? 'water' : settlement.state === 'failed' ? 'red' : 'yellow'}>
                  {settlement.state}
                </Badge>
              </Table.Td>
              <Table.Td className={classes.number}>{new Intl.NumberFormat().format(settlement.items)}</Table.Td>
              <Table.Td className={classes.number}>
                <Money amount={settlement.amount} />
              </Table.Td>
              <Table.Td>
                {settlement.tx_hash === null ? (
                  'not sent yet'
                ) : (
                  <CopyLine value={settlement.tx_hash} shown={shortHex(settlement.tx_hash)} label="Copy transaction hash" />
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}
