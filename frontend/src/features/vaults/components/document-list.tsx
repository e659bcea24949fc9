/** Every document with its stage, the reason when it failed, and what can be done about it. */
import { ActionIcon, Anchor, Badge, FileButton, Group, Paper, Progress, Text, Tooltip } from '@mantine/core';
import { IconFileText, IconPlayerStop, IconRefresh, IconReplace, IconTrash, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';

import { ApiProblem } from '~/api/problem';
import type { Upload, VaultDocument } from '~/api/types';
import { Confirm } from '~/ui/confirm';
import { formatBytes, formatCount, formatRelative } from '~/ui/format';
import { notifyProblem } from '~/ui/problem-notice';

import {
  useCancelDocument,
  useDeleteDocument,
  useDismissReplacement,
  useReplaceDocument,
  useRetryDocument,
} from '../api/vaults';
import { WebSourceLine } from './web-source-line';
import { canBeginAgain, isMoving, stageInWords } from '../model/stages';
import classes from './document-list.module.css';

export function DocumentList({ documents }: { documents: readonly VaultDocument[] }) {
  const [doomed, setDoomed] = useState<VaultDocument | null>(null);
  const remove = useDeleteDocument();
  const retry = useRetryDocument();
  const cancel = useCancelDocument();
  const replace = useReplaceDocument();
  const dismiss = useDismissReplacement();
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
            <Group gap={4} wrap="nowrap">
              {document.stage === 'active' && document.replacement === null && (
                <FileButton onChange={(file) => file && replace.mutate({ documentId: document.id, file }, REPLACED)}>
                  {(props) => (
                    <Tooltip label="Replace its content">
                      <ActionIcon
                        {...props}
                        variant="subtle"
                        color="gray"
                        aria-label={`Replace ${document.name}`}
                        loading={replace.isPending && replace.variables.documentId === document.id}
                      >
                        <IconReplace size={17} />
                      </ActionIcon>
                    </Tooltip>
                  )}
                </FileButton>
              )}
              {document.replacement !== null && (
                <Tooltip label="Keep the present content">
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={`Keep the present content of ${document.name}`}
                    loading={dismiss.isPending && dismiss.variables === document.id}
                    onClick={() => dismiss.mutate(document.id, { onError: notifyProblem })}
                  >
                    <IconX size={17} />
                  </ActionIcon>
                </Tooltip>
              )}
              {isMoving(document) && (
                <Tooltip label="Stop">
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={`Stop taking ${document.name} in`}
                    loading={cancel.isPending && cancel.variables === document.id}
                    onClick={() => cancel.mutate(document.id, { onError: notifyProblem })}
                  >
                    <IconPlayerStop size={17} />
                  </ActionIcon>
                </Tooltip>
              )}
              {canBeginAgain(document.replacement ?? document) && (
                <Tooltip label="Try again">
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={`Try ${document.name} again`}
                    loading={retry.isPending && retry.variables === document.id}
                    onClick={() => retry.mutate(document.id, { onError: notifyProblem })}
                  >
                    <IconRefresh size={17} />
                  </ActionIcon>
                </Tooltip>
              )}
              <Tooltip label="Delete">
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={`Delete ${document.name}`}
                  onClick={() => setDoomed(document)}
                >
                  <IconTrash size={17} />
                </ActionIcon>
              </Tooltip>
            </Group>
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

/** Says what became of a file that was to replace a document. */
const REPLACED = {
  onSuccess: ({ refused, already_there: known }: Upload) => {
    for (const { name, detail } of refused) notifyProblem(new ApiProblem({ title: 'Not replaced', detail: `${name}: ${detail}`, status: 422 }));
    for (const { name } of known) {
      const detail = `The vault has these very bytes already, as ${name}.`;
      notifyProblem(new ApiProblem({ title: 'Nothing to replace', detail, status: 409 }));
    }
  },
  onError: notifyProblem,
};

const BADGE_COLORS: Readonly<Record<string, string>> = { active: 'water', cancelled: 'gray' };

function StageBadge({ document }: { document: VaultDocument }) {
  if (!isMoving(document)) {
    return <Badge color={BADGE_COLORS[document.stage] ?? 'red'}>{stageInWords(document)}</Badge>;
  }
  return (
    <>
      <Text fz="xs" c="dimmed" mb={3}>
        {stageInWords(document)}
        {document.stage === 'chunked' && ` · ${document.chunks_done} of ${document.chunk_count}`}
      </Text>
      <Progress size="sm" animated value={Math.max(4, document.progress * 100)} aria-label={`${document.name}: progress`} />
    </>
  );
}
