import { Stack, Switch } from '@mantine/core';
import { IconInbox } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { allInquiriesQuery, openInquiriesQuery } from '~/features/inquiries/api/inquiries';
import { InquiryCard } from '~/features/inquiries/components/inquiry-card';
import { EmptyState } from '~/ui/empty-state';
import { Page } from '~/ui/page';
import { QueryView } from '~/ui/query-view';

/** `/inbox`: what agents wait for one to decide. */
export function InboxPage() {
  const [withOver, setWithOver] = useState(false);
  const open = useQuery(openInquiriesQuery);
  const all = useQuery({ ...allInquiriesQuery, enabled: withOver });
  return (
    <Page
      title="Inbox"
      description="Agents wait here for your decision. They take up nothing meanwhile, and go on as soon as you have decided."
      width="narrow"
      actions={
        <Switch
          label="Show what is over"
          checked={withOver}
          onChange={(event) => setWithOver(event.currentTarget.checked)}
        />
      }
    >
      <QueryView query={withOver ? all : open}>
        {(inquiries) =>
          inquiries.length === 0 ? (
            <EmptyState icon={IconInbox} title="Nothing to decide">
              When an agent with the step “Ask a person” asks for you, it appears here.
            </EmptyState>
          ) : (
            <Stack gap="md">
              {inquiries.map((inquiry) => (
                <InquiryCard key={inquiry.id} inquiry={inquiry} />
              ))}
            </Stack>
          )
        }
      </QueryView>
    </Page>
  );
}
