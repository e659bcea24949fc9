import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import { FactList } from './fact-list';

const FACTS = [
  { id: 'f1', agent_id: 'a', agent: 'Planner', chat_id: null, name: 'home_town', value: 'Turku', saved_at: '2026-11-23T08:00:00Z' },
  { id: 'f2', agent_id: 'a', agent: 'Planner', chat_id: 'c', name: 'budget', value: '200', saved_at: '2026-11-23T08:00:00Z' },
  { id: 'f3', agent_id: 'b', agent: '', chat_id: null, name: 'note', value: 'x', saved_at: '2026-11-23T08:00:00Z' },
];

test('what is remembered is shown agent by agent, and erasing asks the server for that one thing', async () => {
  const user = userEvent.setup();
  const asked: string[] = [];
  const fetching = vi.spyOn(globalThis, 'fetch').mockImplementation((request) => {
    const { method, url } = request as Request;
    asked.push(`${method} ${new URL(url).pathname}${new URL(url).search}`);
    return Promise.resolve(new Response(null, { status: 204 }));
  });
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <FactList facts={FACTS} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  const planner = screen.getByRole('region', { name: 'Planner' });
  expect(within(planner).getByText('home town')).toBeVisible();
  expect(within(planner).getByText('one conversation')).toBeVisible();
  expect(screen.getByRole('region', { name: 'An agent that its author took away' })).toBeVisible();
  await user.click(within(planner).getByRole('button', { name: 'Erase home town' }));
  await user.click(within(planner).getByRole('button', { name: 'Erase all that Planner remembers' }));
  await user.click(await screen.findByRole('button', { name: 'Erase' }));
  expect(asked).toEqual(['DELETE /api/facts/f1', 'DELETE /api/facts?agent_id=a']);
  fetching.mockRestore();
});
