/** The protection levels as a choice, each with what it promises and what it does not, in the server's words. */
import { Group, Radio, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import type { ProtectionLevel, Vault } from '~/api/types';
import { QueryView } from '~/ui/query-view';

import { protectionLevelsQuery } from '../api/keys';
import classes from './choice-card.module.css';

interface ProtectionChoiceProps {
  value: Vault['protection'];
  onChange: (level: Vault['protection']) => void;
}

export function ProtectionChoice({ value, onChange }: ProtectionChoiceProps) {
  const levels = useQuery(protectionLevelsQuery);
  return (
    <QueryView query={levels} rows={2}>
      {(list) => (
        <Radio.Group
          label="Protection"
          value={value}
          onChange={(chosen) => {
            const level = list.find(({ protection }) => protection === chosen);
            if (level !== undefined) onChange(level.protection);
          }}
        >
          <Stack gap="xs" mt={6}>
            {list.map((level) => (
              <LevelCard key={level.protection} level={level} isChosen={level.protection === value} />
            ))}
          </Stack>
        </Radio.Group>
      )}
    </QueryView>
  );
}

/** What it promises; chosen, also what lies at rest and what it does not protect against. */
function LevelCard({ level, isChosen }: { level: ProtectionLevel; isChosen: boolean }) {
  return (
    <Radio.Card value={level.protection} className={classes.card} aria-label={level.title}>
      <Group wrap="nowrap" align="flex-start" gap="sm">
        <Radio.Indicator mt={2} />
        <div>
          <Text fw={600} fz="sm">
            {level.title}
          </Text>
          <Text fz="sm">{level.promise}</Text>
          {isChosen && (
            <Text fz="xs" c="dimmed" mt={4} component="div">
              {level.index}
              <br />
              It does not protect against {level.does_not_protect_against.join('; ')}.
            </Text>
          )}
        </div>
      </Group>
    </Radio.Card>
  );
}
