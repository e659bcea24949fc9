/** A document's text as the search and the citations see it, opened at a passage. */
import { Group, NativeSelect, Paper, Text } from '@mantine/core';
import { useState } from 'react';

import type { DocumentText } from '~/api/types';
import { HighlightedText } from '~/ui/highlighted-text';

import { pageAt } from '../model/pages';

interface DocumentReaderProps {
  name: string;
  text: DocumentText;
  highlight?: { start: number; end: number };
}

export function DocumentReader({ name, text, highlight }: DocumentReaderProps) {
  const [jump, setJump] = useState<{ start: number; end: number } | undefined>();
  const shown = jump ?? highlight;
  return (
    <>
      {text.pages.length > 1 && (
        <Group mb="sm" gap="sm">
          <NativeSelect
            aria-label="Go to page"
            value={String(shown === undefined ? 1 : (pageAt(text.pages, shown.start) ?? 1))}
            data={text.pages.map(({ number }) => ({ value: String(number), label: `Page ${number}` }))}
            onChange={(event) => {
              const page = text.pages.find(({ number }) => number === Number(event.currentTarget.value));
              if (page !== undefined) setJump({ start: page.start, end: page.start });
            }}
          />
          {jump !== undefined && highlight !== undefined && (
            <Text fz="sm" c="dimmed">
              <button type="button" onClick={() => setJump(undefined)}>
                Back to the passage
              </button>
            </Text>
          )}
        </Group>
      )}
      <Paper p={{ base: 'md', sm: 'xl' }} maw="46rem">
        <HighlightedText text={text.text} highlight={shown} label={`Text of ${name}`} />
      </Paper>
    </>
  );
}
