/** What can be done with one document in the list. */
import { ActionIcon, FileButton, Group, Popover, Tooltip } from '@mantine/core';
import { IconPlayerStop, IconRefresh, IconReplace, IconTag, IconTrash, IconX } from '@tabler/icons-react';

import { ApiProblem } from '~/api/problem';
import type { Upload, VaultDocument } from '~/api/types';
import { notifyProblem } from '~/ui/problem-notice';

import { useCancelDocument, useDismissReplacement, useReplaceDocument, useRetryDocument } from '../api/vaults';
import { canBeginAgain, isMoving } from '../model/stages';
import { DocumentTags } from './document-tags';

export function DocumentActions({ document, onDelete }: { document: VaultDocument; onDelete: () => void }) {
  const retry = useRetryDocument();
  const cancel = useCancelDocument();
  const replace = useReplaceDocument();
  const dismiss = useDismissReplacement();
  return (
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
      <Popover position="bottom-end" width={300} trapFocus returnFocus withArrow>
        <Popover.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`Change the tags of ${document.name}`}>
            <IconTag size={17} />
          </ActionIcon>
        </Popover.Target>
        <Popover.Dropdown>
          <DocumentTags document={document} autoFocus />
        </Popover.Dropdown>
      </Popover>
      <Tooltip label="Delete">
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={`Delete ${document.name}`}
          onClick={onDelete}
        >
          <IconTrash size={17} />
        </ActionIcon>
      </Tooltip>
    </Group>
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
