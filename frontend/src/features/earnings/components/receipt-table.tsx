/** What each receipt earned: every digger's share of the flow. */
import { Anchor, Paper, Progress, Table, Text } from '@mantine/core';
import { Link } from 'react-router';

import type { Receipt } from '~/api/types';
import { Money } from '~/ui/currency';

import classes from './tables.module.css';

const ROLES: Readonly<Record<string, string>> = { author: 'Author', data: 'Data', model: 'Model' };

export function ReceiptTable({ receipts }: { receipts: readonly Receipt[] }) {
  return (
    <Paper className={classes.scroll}>
      <Table aria-label="Receipts" verticalSpacing="sm" horizontalSpacing="md">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Agent</Table.Th>
            <Table.Th>Your share</Table.Th>
            <Table.Th className={classes.number}>Uses</Table.Th>
            <Table.Th className={classes.number}>Earned</Table.Th>
            <Table.Th className={classes.number}>Not settled yet</Table.Th>
            <Table.Th className={classes.number}>To claim</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {receipts.map((receipt) => (
            <Table.Tr key={receipt.receipt_id}>
              <Table.Td>
                {receipt.slug === null ? (
                  receipt.agent_name
                ) : (
                  <Anchor component={Link} to={`/catalogue/${receipt.slug}`} fz="sm" c="inherit" fw={550}>
                    {receipt.agent_name}
                  </Anchor>
                )}
                <Text fz="xs" c="dimmed">
                  {ROLES[receipt.role] ?? receipt.role}
                </Text>
              </Table.Td>
              <Table.Td miw={120}>
                <Text fz="sm">{receipt.share_bps / 100} %</Text>
                <Progress value={receipt.share_bps / 100} size="xs" aria-label="Share" />
              </Table.Td>
              <Table.Td className={classes.number}>{new Intl.NumberFormat().format(receipt.uses)}</Table.Td>
              <Table.Td className={classes.number}>
                <Money amount={receipt.earned} />
              </Table.Td>
              <Table.Td className={classes.number}>
                <Money amount={receipt.unsettled} />
              </Table.Td>
              <Table.Td className={classes.number}>
                <Money amount={receipt.claimable} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}
