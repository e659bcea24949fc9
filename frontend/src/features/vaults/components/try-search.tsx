/** Ask the vault something and see which passages come, and what each stage of the search thought of them. */
import { Alert, Anchor, Badge, Button, Group, Paper, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';

import type { Passage } from '~/api/types';
import { EmptyState } from '~/ui/empty-state';
import { formatCount, formatMilliseconds } from '~/ui/format';
import { ProblemNotice } from '~/ui/problem-notice';

import { useSearchVault } from '../api/vaults';
import classes from './try-search.module.css';

export function TrySearch({ vaultId }: { vaultId: string }) {
  const [question, setQuestion] = useState('');
  const search = useSearchVault(vaultId);
  return (
    <Stack>
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          if (question.trim() !== '') search.mutate({ question, limit: 8 });
        }}
      >
        <Group gap="sm" wrap="nowrap" align="flex-end">
          <TextInput
            flex={1}
            label="Question"
            placeholder="What would somebody ask?"
            leftSection={<IconSearch size={16} />}
            value={question}
            onChange={(event) => setQuestion(event.currentTarget.value)}
          />
          <Button type="submit" loading={search.isPending} disabled={question.trim() === ''}>
            Search
          </Button>
        </Group>
      </form>
      {search.isError && <ProblemNotice error={search.error} />}
      {search.isIdle && (
        <EmptyState icon={IconSearch} title="See what an agent would see" compact>
          The passages found here are what an agent gets to read. Each shows its place in the keyword search, in the
          search by meaning, and after both were joined.
        </EmptyState>
      )}
      {search.isSuccess && (
        <>
          {search.data.not_ready_count > 0 && (
            <Alert color="yellow">
              {formatCount(search.data.not_ready_count, 'document is', 'documents are')} not ready yet and could not be
              searched.
            </Alert>
          )}
          <Text fz="sm" c="dimmed" role="status">
            {formatCount(search.data.passages.length, 'passage')} in {formatMilliseconds(search.data.took_ms)}
          </Text>
          {search.data.passages.length === 0 && (
            <EmptyState icon={IconSearch} title="Nothing found" compact>
              No passage has these words or comes near their meaning. Try the words the document itself would use.
            </EmptyState>
          )}
          {search.data.passages.length > 0 && !search.data.relevance.found && (
            <Alert color="yellow" title="An agent would say that it found nothing">
              {search.data.relevance.reason} What comes nearest is shown all the same.
            </Alert>
          )}
          <ol className={classes.list} aria-label="Passages">
            {search.data.passages.map((passage) => (
              <li key={passage.passage_id}>
                <FoundPassage passage={passage} />
              </li>
            ))}
          </ol>
        </>
      )}
    </Stack>
  );
}

const STAGES = [
  ['keyword', 'Words', 'Its place among passages that share words with the question'],
  ['vector', 'Meaning', 'Its place among passages that are near the question in meaning'],
  ['fused', 'Joined', 'Its place after both were joined'],
] as const;

function FoundPassage({ passage }: { passage: Passage }) {
  return (
    <Paper p="md">
      <Group justify="space-between" gap="xs" mb={6}>
        <Anchor
          component={Link}
          to={`/documents/${passage.document_id}?start=${passage.start}&end=${passage.end}`}
          fz="sm"
          fw={550}
        >
          {passage.document}
          {passage.page !== null && `, page ${passage.page}`}
        </Anchor>
        <Group gap={6}>
          {STAGES.map(([stage, label, help]) => {
            const rank = passage.ranks[stage];
            return (
              <Tooltip key={stage} label={rank === null ? `${help}: not among the best` : help}>
                <Badge variant={rank === 1 ? 'light' : 'default'} tabIndex={0}>
                  {label} {rank === null ? '–' : `#${rank}`}
                </Badge>
              </Tooltip>
            );
          })}
          <Text fz="xs" c="dimmed" style={{ fontVariantNumeric: 'tabular-nums' }}>
            {passage.score.toFixed(3)}
          </Text>
        </Group>
      </Group>
      {passage.heading !== '' && (
        <Text fz="xs" c="dimmed" mb={2}>
          {passage.heading}
        </Text>
      )}
      <Text fz="sm" className={classes.text} lineClamp={8}>
        {passage.text}
      </Text>
    </Paper>
  );
}
