/** Ask the vault something and see what an agent would read, what was left out, and why. */
import { Alert, Button, Collapse, Group, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFilter, IconSearch } from '@tabler/icons-react';
import { useState } from 'react';

import type { SearchResult, VaultDocument } from '~/api/types';
import { EmptyState } from '~/ui/empty-state';
import { formatCount, formatMilliseconds } from '~/ui/format';
import { ProblemNotice } from '~/ui/problem-notice';

import { useSearchVault } from '../api/search';
import { asFilters, countFilters, EVERYTHING, type Choice } from '../model/search-filters';
import { FoundPassage } from './found-passage';
import { LeftOut } from './left-out';
import { RelevanceVerdict } from './relevance-verdict';
import { SearchFilters } from './search-filters';
import classes from './try-search.module.css';

export function TrySearch({ vaultId }: { vaultId: string }) {
  const [question, setQuestion] = useState('');
  const [choice, setChoice] = useState<Choice<VaultDocument>>(EVERYTHING);
  const [rerank, setRerank] = useState(true);
  const [filtering, { toggle }] = useDisclosure(false);
  const search = useSearchVault(vaultId);
  const used = countFilters(choice);
  return (
    <Stack>
      <form
        role="search"
        aria-label="Try a search"
        onSubmit={(event) => {
          event.preventDefault();
          if (question.trim() !== '') search.mutate({ question, filters: asFilters(choice), rerank });
        }}
      >
        <Group gap="sm" align="flex-end">
          <TextInput
            style={{ flex: '1 1 16rem' }}
            label="Question"
            placeholder="What would somebody ask?"
            leftSection={<IconSearch size={16} />}
            maxLength={8000}
            value={question}
            onChange={(event) => setQuestion(event.currentTarget.value)}
          />
          <Button type="submit" loading={search.isPending} disabled={question.trim() === ''}>
            Search
          </Button>
          <Button
            variant="default"
            leftSection={<IconFilter size={16} />}
            aria-expanded={filtering}
            aria-controls="search-filters"
            onClick={toggle}
          >
            {used === 0 ? 'Filters' : `Filters (${used})`}
          </Button>
        </Group>
        <Collapse expanded={filtering} id="search-filters">
          <Stack pt="sm" gap="xs" align="flex-start">
            <SearchFilters vaultId={vaultId} choice={choice} onChange={setChoice} />
            {used > 0 && (
              <Button variant="subtle" size="xs" onClick={() => setChoice(EVERYTHING)}>
                Search all documents
              </Button>
            )}
          </Stack>
        </Collapse>
      </form>
      {search.isSuccess && search.data.reranking !== 'none' && (
        <Switch
          label="Read the best again"
          description="This server has a reranker. It reads the question beside each of the best passages and orders them anew: better as a rule, and slower."
          checked={rerank}
          onChange={(event) => setRerank(event.currentTarget.checked)}
        />
      )}
      {search.isError && <ProblemNotice error={search.error} />}
      {search.isIdle && (
        <EmptyState icon={IconSearch} title="See what an agent would see" compact>
          The passages found here are what an agent gets to read. Each can tell why it has its place, and what was left
          out says why too.
        </EmptyState>
      )}
      {search.isSuccess && <Found result={search.data} wasFiltered={wasFiltered(search.variables.filters)} />}
    </Stack>
  );
}

function Found({ result, wasFiltered }: { result: SearchResult; wasFiltered: boolean }) {
  const { passages, relevance, left_out: leftOut, not_ready_count: notReady, took_ms: tookMs, reranking } = result;
  return (
    <>
      {notReady > 0 && (
        <Alert color="yellow">
          {formatCount(notReady, 'document is', 'documents are')} not ready yet and could not be searched.
        </Alert>
      )}
      <Text fz="sm" c="dimmed" role="status">
        {formatCount(passages.length, 'passage')} in {formatMilliseconds(tookMs)}
        {wasFiltered && ', in the documents that the filters let through'}
      </Text>
      {(reranking === 'failed' || reranking === 'timed_out') && (
        <Alert color="yellow">
          {reranking === 'failed' ? 'The reranker failed' : 'The reranker took too long'}: the passages are in the order
          of the search itself.
        </Alert>
      )}
      {passages.length === 0 ? (
        <EmptyState icon={IconSearch} title="Nothing found" compact>
          {wasFiltered
            ? 'No document that the filters let through has anything like it. Take a filter away.'
            : 'No passage has these words or comes near their meaning. Try the words the document itself would use.'}
        </EmptyState>
      ) : (
        <>
          <RelevanceVerdict relevance={relevance} />
          <ol className={classes.list} aria-label="Passages">
            {passages.map((passage, index) => (
              <li key={passage.passage_id}>
                <FoundPassage passage={passage} number={index + 1} />
              </li>
            ))}
          </ol>
          <LeftOut leftOut={leftOut} passages={passages} />
        </>
      )}
    </>
  );
}

const wasFiltered = (filters: ReturnType<typeof asFilters>): boolean =>
  Object.values(filters).some((value) => value !== null && value.length > 0);
