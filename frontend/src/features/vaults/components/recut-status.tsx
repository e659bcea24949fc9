/** How far a vault's documents have been cut anew, while the old chunks serve. */
import { Progress, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

import { formatCount, formatDuration } from '~/ui/format';

import { recuttingQuery } from '../api/chunking';
import { intakeQuery } from '../api/vaults';

export function RecutStatus({ vaultId }: { vaultId: string }) {
  const recutting = useQuery(recuttingQuery(vaultId));
  const client = useQueryClient();
  const isUnderWay = recutting.data?.is_under_way === true;
  const cutByNow = recutting.data?.done ?? 0;
  // Whatever is shown of a document's chunks may be of its version before.
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ['documents'] });
    void client.invalidateQueries({ queryKey: ['vaults', vaultId, 'documents'] });
  }, [client, vaultId, cutByNow, isUnderWay]);
  const intake = useQuery({ ...intakeQuery(vaultId), enabled: isUnderWay });
  if (recutting.data === undefined || recutting.data.total === 0) return null;
  const { done, total } = recutting.data;
  if (!isUnderWay) {
    return (
      <Text fz="sm" role="status">
        {formatCount(total, 'document is', 'documents are')} cut by the sizes that were saved.
      </Text>
    );
  }
  const secondsLeft = intake.data?.seconds_left ?? null;
  return (
    <div role="status">
      <Text fz="sm" mb={4}>
        {done} of {formatCount(total, 'document')} cut by the new sizes
        {secondsLeft !== null && `, about ${formatDuration(Math.max(1, Math.round(secondsLeft)))} left`}. The others are
        found by their old chunks meanwhile.
      </Text>
      <Progress value={Math.max(4, (100 * done) / total)} animated aria-label="Cutting anew" />
    </div>
  );
}
