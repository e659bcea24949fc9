/** What is still being taken in, all documents together, and how long that will take. */
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { formatCount, formatDuration } from '~/ui/format';

import { intakeQuery } from '../api/vaults';
import { isMoving } from '../model/stages';

export function IntakeStatus({ vaultId }: { vaultId: string }) {
  const intake = useQuery(intakeQuery(vaultId));
  if (intake.data === undefined) return null;
  const { documents, seconds_left: secondsLeft } = intake.data;
  const waiting = Object.entries(documents).reduce(
    (sum, [stage, count]) => sum + (isMoving({ stage, progress: 0 }) ? count : 0),
    0,
  );
  if (waiting === 0) return null;
  return (
    <Text fz="sm" c="dimmed" mt="md" role="status">
      {formatCount(waiting, 'document is', 'documents are')} on the way
      {secondsLeft !== null && `, about ${formatDuration(Math.max(1, Math.round(secondsLeft)))} left`}. Questions are answered from what is ready.
    </Text>
  );
}
