import { Badge, Group, Paper, SimpleGrid, Text } from '@mantine/core';
import { Link } from 'react-router';

import type { CatalogueEntry } from '~/api/types';

import { Emblem } from '~/ui/emblem';
import classes from './agent-cards.module.css';

interface AgentCardsProps {
  entries: readonly CatalogueEntry[];
  /** The cheapest way in, in words. */
  priceOf: (entry: CatalogueEntry) => string;
}

export function AgentCards({ entries, priceOf }: AgentCardsProps) {
  return (
    <SimpleGrid component="ul" cols={{ base: 1, sm: 2, lg: 3 }} p={0} m={0} style={{ listStyle: 'none' }} aria-label="Agents">
      {entries.map((entry) => (
        <li key={entry.slug}>
          <Paper component={Link} to={`/catalogue/${entry.slug}`} p="md" className={classes.card}>
            <Group gap="sm" wrap="nowrap">
              <Emblem name={entry.name} />
              <div style={{ minWidth: 0 }}>
                <Text fw={600} truncate>
                  {entry.name}
                </Text>
                <Text fz="xs" c="dimmed" truncate>
                  by {entry.author.name}
                </Text>
              </div>
            </Group>
            <Text fz="sm" c="dimmed" lineClamp={3} className={classes.text}>
              {entry.description === '' ? 'Its author has not described it yet.' : entry.description}
            </Text>
            <Group justify="space-between" gap="xs">
              <Text fz="sm" fw={550}>
                {priceOf(entry)}
              </Text>
              {entry.is_mine ? (
                <Badge color="gray">Yours</Badge>
              ) : (
                entry.my_license?.state === 'active' && <Badge>Licensed</Badge>
              )}
            </Group>
          </Paper>
        </li>
      ))}
    </SimpleGrid>
  );
}
