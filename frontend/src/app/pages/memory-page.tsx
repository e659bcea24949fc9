import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBookmark } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { factsQuery, useErase } from '~/features/facts/api/facts';
import { FactList } from '~/features/facts/components/fact-list';
import { Confirm } from '~/ui/confirm';
import { EmptyState } from '~/ui/empty-state';
import { Page } from '~/ui/page';
import { QueryView } from '~/ui/query-view';

export function MemoryPage() {
  const facts = useQuery(factsQuery);
  const [asks, { open, close }] = useDisclosure(false);
  const erase = useErase();
  return (
    <Page
      title="What agents remember"
      description="What you told agents and they keep for your later questions. It is encrypted for you: each agent reads only what was said to it, and its author never sees it."
      actions={
        facts.data !== undefined &&
        facts.data.length > 0 && (
          <Button variant="default" onClick={open}>
            Erase everything
          </Button>
        )
      }
    >
      <QueryView query={facts}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={IconBookmark} title="Nothing is remembered">
              Some agents remember things between your questions, such as a name or a preference. You will find them here,
              and can erase them at any time.
            </EmptyState>
          ) : (
            <FactList facts={list} />
          )
        }
      </QueryView>
      <Confirm
        opened={asks}
        title="Erase all that agents remember of you?"
        confirmLabel="Erase everything"
        busy={erase.isPending}
        error={erase.error}
        onClose={close}
        onConfirm={() => erase.mutate({ all: true }, { onSuccess: close })}
      >
        Every agent begins anew with you. Your conversations stay.
      </Confirm>
    </Page>
  );
}
