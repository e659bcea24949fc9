/** Drop files, see them leave, and see at once which ones were refused and why. */
import { Alert, CloseButton, Group, List, Progress, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';

import type { Upload } from '~/api/types';
import { FileDrop } from '~/ui/file-drop';
import { formatCount } from '~/ui/format';
import { ProblemNotice } from '~/ui/problem-notice';

import { useAddDocuments } from '../api/vaults';

export function AddDocuments({ vaultId }: { vaultId: string }) {
  const [sent, setSent] = useState(0);
  const [refused, setRefused] = useState<Upload['refused']>([]);
  const [known, setKnown] = useState<Upload['already_there']>([]);
  const add = useAddDocuments(vaultId, setSent);
  return (
    <Stack gap="sm">
      <FileDrop
        label="Drop documents here, or choose files"
        hint="PDF, Word, PowerPoint, Excel, OpenDocument, EPUB, e-mail, HTML, Markdown, text, tables, code, or a ZIP of these. They are encrypted before they are stored."
        disabled={add.isPending}
        onFiles={(files) => {
          setSent(0);
          setRefused([]);
          setKnown([]);
          add.mutate(files, {
            onSuccess: ({ refused: notTaken, already_there }) => {
              setRefused(notTaken);
              setKnown(already_there);
            },
          });
        }}
      />
      {add.isPending && (
        <div role="status">
          <Text fz="sm" mb={4}>
            {sent < 1 ? `Sending ${formatCount(add.variables.length, 'file')}…` : 'Checking and encrypting…'}
          </Text>
          <Progress value={sent * 100} animated={sent >= 1} aria-label="Sent" />
        </div>
      )}
      {add.isError && <ProblemNotice error={add.error} />}
      {known.length > 0 && (
        <Text fz="sm" c="dimmed" role="status">
          In the vault already, so nothing was added: {known.map(({ name }) => name).join(', ')}.
        </Text>
      )}
      {refused.length > 0 && (
        <Alert
          role="alert"
          color="yellow"
          icon={<IconAlertTriangle />}
          title={
            <Group justify="space-between" w="100%">
              {formatCount(refused.length, 'file was', 'files were')} not taken
              <CloseButton size="sm" aria-label="Dismiss" onClick={() => setRefused([])} />
            </Group>
          }
          styles={{ label: { width: '100%' } }}
        >
          <List fz="sm" spacing={4}>
            {refused.map(({ name, detail }, index) => (
              <List.Item key={index}>
                <strong>{name}</strong>: {detail}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
    </Stack>
  );
}
