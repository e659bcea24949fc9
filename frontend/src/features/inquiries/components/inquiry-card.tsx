/** Something that an agent waits for: what it is about, the words to decide on, and the ways to answer. */
import { Badge, Button, Group, Paper, Stack, Text, Textarea, Title } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useState } from 'react';

import type { Inquiry } from '~/api/types';
import { formatDateTime, formatRelative } from '~/ui/format';
import { ProblemNotice } from '~/ui/problem-notice';

import { useDecide } from '../api/inquiries';
import classes from './inquiry-card.module.css';

const OVER: Record<Exclude<Inquiry['state'], 'open'>, string> = {
  approved: 'Approved',
  rejected: 'Rejected',
  timed_out: 'Not decided in time',
  withdrawn: 'Not needed any more',
};

export function InquiryCard({ inquiry }: { inquiry: Inquiry }) {
  const [value, setValue] = useState(inquiry.value);
  const [note, setNote] = useState('');
  const decide = useDecide(inquiry.id);
  const isChanged = value !== inquiry.value;
  const answer = (decision: 'approved' | 'rejected') =>
    decide.mutate({ decision, value: decision === 'approved' && isChanged ? value : null, note: note.trim() });
  return (
    <Paper component="article" aria-label={inquiry.title} p="md" withBorder>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" wrap="nowrap">
          <div>
            <Title order={3} fz="md">
              {inquiry.title}
            </Title>
            <Text fz="xs" c="dimmed" title={formatDateTime(inquiry.asked_at)}>
              {inquiry.agent_name} asks, {formatRelative(inquiry.asked_at)}
              {inquiry.state === 'open' && inquiry.expires_at !== null && ` · goes on without you ${formatRelative(inquiry.expires_at)}`}
            </Text>
          </div>
          {inquiry.state !== 'open' && <Badge variant="light">{OVER[inquiry.state]}</Badge>}
        </Group>
        {inquiry.instructions !== '' && (
          <Text fz="sm" className={classes.words}>
            {inquiry.instructions}
          </Text>
        )}
        {inquiry.state === 'open' ? (
          <>
            {inquiry.may_edit ? (
              <Textarea
                label="Text"
                description="You may change it before you approve it."
                autosize
                minRows={3}
                maxRows={16}
                maxLength={20_000}
                value={value}
                onChange={(event) => setValue(event.currentTarget.value)}
              />
            ) : (
              <blockquote className={classes.value}>{inquiry.value}</blockquote>
            )}
            <Textarea
              label="Note"
              description="Optional. When you reject it, the steps that follow get it."
              autosize
              minRows={1}
              maxRows={6}
              maxLength={2000}
              value={note}
              onChange={(event) => setNote(event.currentTarget.value)}
            />
            {decide.isError && <ProblemNotice error={decide.error} />}
            <Group justify="flex-end">
              <Button
                variant="default"
                color="red"
                leftSection={<IconX size={16} />}
                disabled={decide.isPending}
                onClick={() => answer('rejected')}
              >
                Reject
              </Button>
              <Button leftSection={<IconCheck size={16} />} loading={decide.isPending} onClick={() => answer('approved')}>
                {isChanged ? 'Approve as changed' : 'Approve'}
              </Button>
            </Group>
          </>
        ) : (
          <>
            <blockquote className={classes.value}>{inquiry.answer ?? inquiry.value}</blockquote>
            {inquiry.note !== '' && (
              <Text fz="sm" c="dimmed">
                Note: {inquiry.note}
              </Text>
            )}
          </>
        )}
      </Stack>
    </Paper>
  );
}
