/** Small figures in a row: a label and what it counts. */
import { Paper, SimpleGrid, Text } from '@mantine/core';
import type { ReactNode } from 'react';

export interface Fact {
  label: string;
  value: ReactNode;
  hint?: ReactNode;
}

export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <SimpleGrid cols={{ base: 2, sm: facts.length }} spacing="sm" component="dl" m={0}>
      {facts.map(({ label, value, hint }) => (
        <Paper key={label} p="md">
          <Text component="dt" fz="xs" c="dimmed">
            {label}
          </Text>
          <Text component="dd" m={0} fz="xl" fw={620} style={{ letterSpacing: '-0.01em' }}>
            {value}
          </Text>
          {hint !== undefined && (
            <Text fz="xs" c="dimmed" component="dd" m={0}>
              {hint}
            </Text>
          )}
        </Paper>
      ))}
    </SimpleGrid>
  );
}
