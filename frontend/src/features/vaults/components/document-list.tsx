/** Every document with its stage, the reason when it failed, and what can be done about it. */
import { Anchor, Badge, Group, Paper, Progress, Text } from '@mantine/core';
import { IconFileText } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';

import type { VaultDocument } from '~/api/types';
import { Confirm } from '~/ui/confirm';
import { formatBytes, formatCount, formatRelative } from '~/ui/format';

import { useDeleteDocument } from '../api/vaults';
import { isMoving, stageInWords } from '../model/stages';
import { DocumentActions } from './document-actions';
import { WebSourceLine } from './web-source-line';
import classes from './document-list.module.css';

interface DocumentListProps {
  documents: readonly VaultDocument[];
  /** When a tag is clicked: to see what else has it. */
  onTag: (tag: string) => void;
}

export function DocumentList({ documents, onTag }: DocumentListProps) {
  const [doomed, setDoomed] = useState<VaultDocument | null>(null);
  const remove = useDeleteDocument();
  return (
    <>
      <Paper component="ul" className={classes.list} aria-label="Documents">
        {documents.map((document) => (
          <li key={document.id} className={classes.row}>
            <IconFileText size={20} stroke={1.5} className={classes.icon} aria-hidden />
            <div className={classes.main}>
              {document.stage === 'active' ? (
                <Anchor component={Link} to={`/documents/${document.id}`} c="inherit" fw={550} className={classes.name}>
                  {document.name}
                </Anchor>
              ) : (
                <Text component="span" fw={550} className={classes.name}>
                  {document.name}
                </Text>
              )}
              <Text fz="xs" c="dimmed">
                {[
                  formatBytes(document.size_bytes),
                  document.page_count === null ? null : formatCount(document.page_count, 'page'),
                  document.chunk_count === 0 ? null : formatCount(document.chunk_count, 'chunk'),
                  `added ${formatRelative(document.created_at)}`,
                ]
                  .filter((part) => part !== null)
                  .join(' · ')}
              </Text>
              {document.web_source !== null && <WebSourceLine document={document} source={document.web_source} />}
              {document.tags.length > 0 && (
                <Group component="ul" gap={4} mt={4} className={classes.tags} aria-label={`Tags of ${document.name}`}>
                  {document.tags.map((tag) => (
                    <li key={tag}>
                      <Badge
                        component="button"
                        type="button"
                        variant="default"
                        className={classes.tag}
                        title={`Show all with the tag ${tag}`}
                        onClick={() => onTag(tag)}
                      >
                        {tag}
                      </Badge>
                    </li>
                  ))}
                </Group>
              )}
              {document.error !== null && (
                <Text fz="sm" c={document.stage === 'failed' ? 'var(--q-bad)' : 'dimmed'}>
                  {document.error.detail}
                </Text>
              )}
              {document.replacement !== null && (
                <Text fz="sm" c={document.replacement.error === null ? 'dimmed' : 'var(--q-bad)'}>
                  {document.replacement.error === null
                    ? 'New content is on the way. The present one is found until it is ready.'
                    : `The new content was not taken: ${document.replacement.error.detail}`}
                </Text>
              )}
            </div>
            <div className={classes.stage} role="status">
              <StageBadge document={document.replacement ?? document} />
            </div>
            <DocumentActions document={document} onDelete={() => setDoomed(document)} />
          </li>
        ))}
      </Paper>
      <Confirm
        opened={doomed !== null}
        title="Delete this document?"
        confirmLabel="Delete for good"
        busy={remove.isPending}
        error={remove.error}
        onClose={() => {
          setDoomed(null);
          remove.reset();
        }}
        onConfirm={() => {
          if (doomed !== null) remove.mutate(doomed.id, { onSuccess: () => setDoomed(null) });
        }}
      >
        <strong>{doomed?.name}</strong> leaves the vault and the search, and its key is destroyed: what is left of it in
        any backup cannot be read again. Answers already given keep the words they quoted.
      </Confirm>
    </>
  );
}

const BADGE_COLORS: Readonly<Record<string, string>> = { active: 'water', cancelled: 'gray' };

function StageBadge({ document }: { document: VaultDocument }) {
  if (!isMoving(document)) {
    return <Badge color={BADGE_COLORS[document.stage] ?? 'red'}>{stageInWords(document)}</Badge>;
  }
  return (
    <>
      <Text fz="xs" c="dimmed" mb={3}>
        {stageInWords(document)}
        {document.stage === 'chunked' && ` · ${soFar(document)}`}
      </Text>
      <Progress size="sm" animated value={Math.max(4, document.progress * 100)} aria-label={`${document.name}: progress`} />
    </>
  );
}

/** How much of it is ready: its first pages where it has some, else chunks. All of it is found together, at the end. */
function soFar({ chunk_count, chunks_done, page_count, pages_done }: VaultDocument): string {
  return page_count !== null && page_count > 1 && pages_done > 0
    ? `pages 1–${pages_done} of ${page_count} ready`
    : `${chunks_done} of ${chunk_count}`;
}
