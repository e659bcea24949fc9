/** A run that waits for a decision, where its answer will stand: to decide here, if it is one's own to decide. */
import { Button, Group, Loader, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { openInquiriesQuery } from '../api/inquiries';
import { InquiryCard } from './inquiry-card';

export function WaitingRun({ runId, onStop }: { runId: string; onStop: () => void }) {
  const open = useQuery(openInquiriesQuery);
  const mine = (open.data ?? []).filter((inquiry) => inquiry.run_id === runId);
  return (
    <div role="status">
      {mine.map((inquiry) => (
        <InquiryCard key={inquiry.id} inquiry={inquiry} />
      ))}
      <Group gap="xs" mt="xs">
        <Loader size="xs" type="dots" />
        <Text fz="sm" c="dimmed">
          {mine.length > 0
            ? 'The agent goes on once you have decided. You may close this page meanwhile.'
            : 'The agent waits for its owner to decide. You may close this page: the answer will be here.'}
        </Text>
        <Button size="compact-xs" variant="subtle" onClick={onStop}>
          Stop waiting
        </Button>
      </Group>
    </div>
  );
}
