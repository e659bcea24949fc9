/** How far running or drafting tests has come. */
import { Alert, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { IconPlayerStop } from '@tabler/icons-react';

import type { AgentTestSet } from '~/api/types';

interface TestProgressProps {
  progress: NonNullable<AgentTestSet['progress']>;
  onStop: () => void;
}

export function TestProgress({ progress, onStop }: TestProgressProps) {
  const { what, state, total, done, passed, question, told } = progress;
  if (state === 'working') {
    return (
      <Stack gap="xs" role="status">
        <Group justify="space-between" wrap="nowrap">
          <Text fz="sm" lineClamp={1}>
            {what === 'run' ? `Test ${Math.min(done + 1, total)} of ${total}, ${passed} passed so far. ${question}` : `Question ${Math.min(done + 1, total)} of ${total} is being made.`}
          </Text>
          <Button size="compact-sm" variant="default" leftSection={<IconPlayerStop size={14} />} onClick={onStop}>
            Stop
          </Button>
        </Group>
        <Progress value={total === 0 ? 0 : (done / total) * 100} aria-label="How far it has come" />
      </Stack>
    );
  }
  if (state === 'failed') return <Alert color="red" title="That did not work">{told}</Alert>;
  if (told !== '') return <Alert color="yellow">{told}</Alert>;
  if (state === 'stopped') {
    return (
      <Text fz="sm" c="dimmed">
        Stopped after {done} of {total}. What was found is kept.
      </Text>
    );
  }
  return null;
}
