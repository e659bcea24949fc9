/** Where on the web a document came from, how often it is fetched again, and what came of the last time. */
import { ActionIcon, Anchor, Group, NativeSelect, Text, Tooltip } from '@mantine/core';
import { IconWorldDownload } from '@tabler/icons-react';

import type { VaultDocument, WebSource } from '~/api/types';
import { formatRelative } from '~/ui/format';
import { notifyProblem } from '~/ui/problem-notice';

import { useFollowWebPage, useSynchronizeDocument } from '../api/vaults';
import { PERIODS, isPeriod } from '../model/periods';

interface WebSourceLineProps {
  document: Pick<VaultDocument, 'id' | 'name'>;
  source: WebSource;
}

export function WebSourceLine({ document, source }: WebSourceLineProps) {
  const follow = useFollowWebPage();
  const synchronize = useSynchronizeDocument();
  const times = [
    source.fetched_at === null ? null : `last fetched ${formatRelative(source.fetched_at)}`,
    source.changed_at === null ? null : `changed ${formatRelative(source.changed_at)}`,
    source.next_at === null ? null : `next ${formatRelative(source.next_at)}`,
  ].filter((part) => part !== null);
  return (
    <>
      <Group gap="xs" wrap="wrap">
        <Anchor href={source.url} target="_blank" rel="noreferrer noopener" fz="xs" style={{ overflowWrap: 'anywhere' }}>
          {source.url}
        </Anchor>
        <NativeSelect
          size="xs"
          aria-label={`How often ${document.name} is fetched again`}
          data={PERIODS}
          value={source.period}
          disabled={follow.isPending}
          onChange={(event) => {
            const period = event.currentTarget.value;
            if (isPeriod(period)) follow.mutate({ documentId: document.id, period }, { onError: notifyProblem });
          }}
        />
        <Tooltip label="Fetch it again now">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Fetch ${document.name} again now`}
            loading={synchronize.isPending}
            onClick={() => synchronize.mutate(document.id, { onError: notifyProblem })}
          >
            <IconWorldDownload size={16} />
          </ActionIcon>
        </Tooltip>
        {times.length > 0 && (
          <Text fz="xs" c="dimmed">
            {times.join(' · ')}
          </Text>
        )}
      </Group>
      {source.problem !== null && (
        <Text fz="sm" c="var(--q-bad)">
          {source.problem.detail}
        </Text>
      )}
    </>
  );
}
