/** The original at the passage, beside the answer. */
import { Anchor, CloseButton, Group, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link } from 'react-router';

import { HighlightedText } from '~/ui/highlighted-text';
import { QueryView } from '~/ui/query-view';

import { citedPassageQuery } from '../api/chats';
import classes from './passage-panel.module.css';

interface PassagePanelProps {
  runId: string;
  number: number;
  onClose: () => void;
}

export function PassagePanel({ runId, number, onClose }: PassagePanelProps) {
  const passage = useQuery(citedPassageQuery(runId, number));
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus(), [runId, number]);
  return (
    <aside
      ref={panel}
      tabIndex={-1}
      className={classes.panel}
      aria-label={`Citation ${number}`}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <Group justify="space-between" wrap="nowrap" align="flex-start" className={classes.head}>
        <div style={{ minWidth: 0 }}>
          <Title order={2} fz="md" className={classes.name}>
            {passage.data?.document ?? `Citation ${number}`}
          </Title>
          {passage.data !== undefined && passage.data.page !== null && (
            <Text fz="sm" c="dimmed">
              Page {passage.data.page}
            </Text>
          )}
        </div>
        <CloseButton aria-label="Close the passage" onClick={onClose} />
      </Group>
      <div className={classes.body}>
        <QueryView query={passage} rows={4}>
          {({ document, text, text_start, start, end, document_id }) => (
            <>
              <HighlightedText
                label={`Passage of ${document}`}
                text={text}
                highlight={{ start: start - text_start, end: end - text_start }}
              />
              {document_id !== null && (
                <Anchor component={Link} to={`/documents/${document_id}?start=${start}&end=${end}`} fz="sm" mt="md" display="block">
                  Open the whole document
                </Anchor>
              )}
            </>
          )}
        </QueryView>
      </div>
    </aside>
  );
}
