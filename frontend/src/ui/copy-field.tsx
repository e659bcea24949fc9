/** Something to be copied: an address, a secret, a piece of code. */
import { ActionIcon, Code, CopyButton, Group, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';

export function CopyIcon({ value, label }: { value: string; label: string }) {
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : label}>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} onClick={copy}>
            {copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

export function CopyLine({ value, label, shown }: { value: string; label: string; shown?: string }) {
  return (
    <Group gap={4} wrap="nowrap">
      <Code fz="sm" style={{ overflowWrap: 'anywhere' }}>
        {shown ?? value}
      </Code>
      <CopyIcon value={value} label={label} />
    </Group>
  );
}

export function CopyBlock({ value, label }: { value: string; label: string }) {
  return (
    <div style={{ position: 'relative' }}>
      <Code block fz={13} p="md" pr={44} tabIndex={0} aria-label={label}>
        {value}
      </Code>
      <div style={{ position: 'absolute', top: 10, right: 10 }}>
        <CopyIcon value={value} label={`Copy ${label}`} />
      </div>
    </div>
  );
}
