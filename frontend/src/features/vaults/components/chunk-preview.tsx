/** One document's text, as it is and cut: by the present sizes on one side, by others on the other. */
import { Button, Paper, SegmentedControl, SimpleGrid, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconCut } from '@tabler/icons-react';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';

import type { Chunk, Chunking, VaultDocument } from '~/api/types';
import { EmptyState } from '~/ui/empty-state';
import { formatCount } from '~/ui/format';
import { QueryView } from '~/ui/query-view';
import { countCodePoints, sliceByCodePoints } from '~/ui/text-offsets';

import { chunkPreviewQuery, chunksQuery } from '../api/chunking';
import { documentsNamedQuery } from '../api/documents';
import { documentTextQuery } from '../api/vaults';
import { meanLength, repeatedIn } from '../model/cutting';
import classes from './chunk-preview.module.css';
import { DocumentSelect } from './document-select';

export function ChunkPreview({ vaultId, chunking }: { vaultId: string; chunking: Chunking }) {
  const first = useQuery(documentsNamedQuery(vaultId, ''));
  const [chosen, setChosen] = useState<VaultDocument | null>(null);
  return (
    <QueryView query={first}>
      {({ documents }) => {
        const document = chosen ?? documents[0];
        if (document === undefined) {
          return (
            <EmptyState icon={IconCut} title="No document is ready yet" compact>
              As soon as one is, you see here how it is cut.
            </EmptyState>
          );
        }
        return (
          <Stack>
            <div className={classes.choice}>
              <DocumentSelect key={vaultId} vaultId={vaultId} label="Document" value={document} onChange={setChosen} />
            </div>
            <BeforeAndAfter key={document.id} document={document} chunking={chunking} />
          </Stack>
        );
      }}
    </QueryView>
  );
}

function BeforeAndAfter({ document, chunking }: { document: VaultDocument; chunking: Chunking }) {
  const [side, setSide] = useState('now');
  const [settled] = useDebouncedValue(chunking, 300);
  // A document that was cut anew is another version, whose chunks are others.
  const before = useQuery({ ...chunksQuery(document.id), staleTime: 0 });
  const after = useQuery(chunkPreviewQuery(document.id, settled));
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <Stack gap="xs" miw={0}>
        <SegmentedControl
          aria-label="Compare with"
          value={side}
          onChange={setSide}
          data={[
            { value: 'now', label: 'As it is cut now' },
            { value: 'original', label: 'The original text' },
          ]}
        />
        {side === 'now' ? <Cut label="As it is cut now" chunks={before} /> : <Original document={document} />}
      </Stack>
      <Stack gap="xs" miw={0}>
        <Text className={classes.heading} fw={550} fz="sm">
          By these settings
        </Text>
        <Cut label="By these settings" chunks={after} />
      </Stack>
    </SimpleGrid>
  );
}

function Original({ document }: { document: VaultDocument }) {
  const text = useQuery(documentTextQuery(document.id));
  return (
    <QueryView query={text}>
      {(data) => (
        <>
          <Text fz="sm" c="dimmed">
            {formatCount(countCodePoints(data.text), 'character')}
          </Text>
          <Paper className={classes.pane} role="region" aria-label="The original text" tabIndex={0}>
            <div className={classes.text}>{data.text}</div>
          </Paper>
        </>
      )}
    </QueryView>
  );
}

const SHOWN = 20;

function Cut({ label, chunks }: { label: string; chunks: UseQueryResult<Chunk[]> }) {
  const [shown, setShown] = useState(SHOWN);
  return (
    <QueryView query={chunks} rows={2}>
      {(list) => {
        const repeated = repeatedIn(list);
        return (
          <>
            <Text fz="sm" c="dimmed" role="status">
              {formatCount(list.length, 'chunk')}, {formatCount(meanLength(list), 'character')} on average
            </Text>
            <Paper className={classes.pane} role="region" aria-label={label} tabIndex={0} data-waiting={chunks.isPlaceholderData || undefined}>
              <ol className={classes.list}>
                {list.slice(0, shown).map((chunk, index) => (
                  <li key={chunk.number}>
                    <OneChunk chunk={chunk} repeated={repeated[index] ?? 0} />
                  </li>
                ))}
              </ol>
              {list.length > shown && (
                <Button variant="default" size="xs" fullWidth onClick={() => setShown(shown + SHOWN * 2)}>
                  Show more of {formatCount(list.length, 'chunk')}
                </Button>
              )}
            </Paper>
          </>
        );
      }}
    </QueryView>
  );
}

function OneChunk({ chunk, repeated }: { chunk: Chunk; repeated: number }) {
  return (
    <>
      <Text fz="xs" c="dimmed" mb={2}>
        {[
          `Chunk ${chunk.number + 1}`,
          formatCount(chunk.end - chunk.start, 'character'),
          chunk.page === null ? null : `page ${chunk.page}`,
          chunk.heading === '' ? null : chunk.heading,
        ]
          .filter((part) => part !== null)
          .join(' · ')}
      </Text>
      <div className={classes.text}>
        {repeated > 0 && (
          <span className={classes.repeated} title="Repeated from the chunk before">
            {sliceByCodePoints(chunk.text, 0, repeated)}
          </span>
        )}
        {sliceByCodePoints(chunk.text, repeated, chunk.end - chunk.start)}
      </div>
    </>
  );
}
