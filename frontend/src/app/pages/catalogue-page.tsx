import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconBuildingStore, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { catalogueQuery } from '~/features/catalogue/api/catalogue';
import { AgentCards } from '~/features/catalogue/components/agent-cards';
import { termsInWords } from '~/features/wallet/model/terms';
import { useCurrency } from '~/ui/currency';
import { EmptyState } from '~/ui/empty-state';
import { Page } from '~/ui/page';
import { QueryView } from '~/ui/query-view';

export function CataloguePage() {
  const [words, setWords] = useState('');
  const [asked] = useDebouncedValue(words.trim(), 250);
  const currency = useCurrency();
  const entries = useQuery({ ...catalogueQuery(asked), placeholderData: keepPreviousData });
  return (
    <Page
      title="Catalogue"
      description="Agents that others have published. Each answers from documents that stay encrypted, and pays those who contributed."
    >
      <TextInput
        mb="lg"
        maw={420}
        aria-label="Search the catalogue"
        placeholder="Search by name or subject"
        leftSection={<IconSearch size={16} />}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      <QueryView query={entries}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={IconBuildingStore} title={asked === '' ? 'Nothing is published yet' : 'Nothing found'}>
              {asked === ''
                ? 'Be the first: draw an agent over a vault of yours and publish it with a price.'
                : 'No agent has these words in its name or description. Try fewer words.'}
            </EmptyState>
          ) : (
            <AgentCards
              entries={list}
              priceOf={({ terms }) => {
                const [first] = [...terms].sort((a, b) => a.price + a.max_call_price - b.price - b.max_call_price);
                return first === undefined ? 'Not offered at present' : termsInWords(first, currency);
              }}
            />
          )
        }
      </QueryView>
    </Page>
  );
}
