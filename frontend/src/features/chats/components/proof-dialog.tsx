/** The signed record of one use, to read and to keep. */
import { Button, Code, Group, Modal, Stack, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { QueryView } from '~/ui/query-view';

import { proofQuery } from '../api/chats';

export function ProofDialog({ proofId, onClose }: { proofId: string; onClose: () => void }) {
  const proof = useQuery(proofQuery(proofId));
  return (
    <Modal opened onClose={onClose} title="Proof of this answer" size="lg">
      <QueryView query={proof} rows={2}>
        {(document) => (
          <Stack>
            <Text fz="sm">
              A signed record of this use: which license, which version, what was charged, and the fingerprints of question
              and answer. It holds none of their words. Anybody can check it without this server:
            </Text>
            <Code block>qanat verify {proofId}.json</Code>
            <Code block fz={11} mah={320} style={{ overflow: 'auto' }} tabIndex={0}>
              {JSON.stringify(document, null, 2)}
            </Code>
            <Group justify="flex-end">
              <Button
                leftSection={<IconDownload size={16} />}
                onClick={() => download(`${proofId}.json`, JSON.stringify(document, null, 2))}
              >
                Download
              </Button>
            </Group>
          </Stack>
        )}
      </QueryView>
    </Modal>
  );
}

function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
