import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import type { Inquiry } from '~/api/types';

import { InquiryCard } from './inquiry-card';

const ASKED: Inquiry = {
  id: 'i1',
  run_id: 'r1',
  agent_id: 'a1',
  agent_name: 'Letters',
  state: 'open',
  title: 'Send it?',
  instructions: 'For Ida',
  value: 'Dear Ida',
  may_edit: true,
  asked_at: new Date().toISOString(),
  expires_at: null,
  answered_at: null,
  answer: null,
  note: '',
};

function show(inquiry: Inquiry): void {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MantineProvider env="test">
        <InquiryCard inquiry={inquiry} />
      </MantineProvider>
    </QueryClientProvider>,
  );
}

test('words that were changed are approved as they were left', async () => {
  const sent: unknown[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (request) => {
    sent.push(await (request as Request).json());
    return new Response(JSON.stringify(ASKED), { headers: { 'Content-Type': 'application/json' } });
  });
  show(ASKED);
  await userEvent.type(screen.getByRole('textbox', { name: 'Text' }), ', soon');
  await userEvent.click(screen.getByRole('button', { name: 'Approve as changed' }));
  expect(sent).toEqual([{ decision: 'approved', value: 'Dear Ida, soon', note: '' }]);
});

test('what is over is shown as it was decided, with nothing left to press', () => {
  show({ ...ASKED, state: 'rejected', note: 'too short' });
  expect(screen.getByText('Rejected')).toBeVisible();
  expect(screen.getByText('Note: too short')).toBeVisible();
  expect(screen.queryByRole('button')).toBeNull();
});
