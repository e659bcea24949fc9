/** Whether what is drawn is saved, always in sight. */
import { Button, Group, Loader, Text, Tooltip } from '@mantine/core';
import { IconCloudCheck, IconCloudOff, IconPencil } from '@tabler/icons-react';

import { asProblem } from '~/api/problem';

import { useEditor } from '../model/editor-store';

export function SaveBadge({ onSave }: { onSave: () => void }) {
  const save = useEditor((state) => state.save);
  return (
    <Group gap={6} fz="xs" c="dimmed" role="status" wrap="nowrap">
      {save.state === 'saved' && (
        <>
          <IconCloudCheck size={16} aria-hidden /> Saved
        </>
      )}
      {save.state === 'waiting' && (
        <>
          <IconPencil size={15} aria-hidden /> Editing
        </>
      )}
      {save.state === 'saving' && (
        <>
          <Loader size={12} type="oval" /> Saving
        </>
      )}
      {save.state === 'failed' && (
        <Tooltip label={`${asProblem(save.error).title}. ${asProblem(save.error).detail}`} multiline maw={320}>
          <Button size="compact-xs" color="red" variant="light" leftSection={<IconCloudOff size={14} />} onClick={onSave}>
            Not saved, try again
          </Button>
        </Tooltip>
      )}
      {save.state === 'conflict' && (
        <Text fz="xs" c="var(--q-bad)">
          Changed elsewhere
        </Text>
      )}
    </Group>
  );
}
