import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { MemoryRouter } from 'react-router';

import { mcpServersQuery, mcpToolsQuery, secretNamesQuery } from '../api/outside';
import { McpToolField } from './mcp-tool-field';
import { SecretField } from './secret-field';

function client(): QueryClient {
  const known = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } });
  known.setQueryData(mcpServersQuery.queryKey, [{ name: 'weather' }]);
  known.setQueryData(mcpToolsQuery('weather', '').queryKey, [
    {
      name: 'forecast',
      title: 'Forecast',
      description: 'What the weather will be.',
      arguments: [{ name: 'city', title: 'City', description: 'Which city.', type: 'text', choices: [], needed: true }],
      problem: '',
    },
    { name: 'odd', title: '', description: '', arguments: [], problem: 'It takes 900 arguments.' },
  ]);
  known.setQueryData(secretNamesQuery.queryKey, []);
  return known;
}

function Tool() {
  const [value, setValue] = useState<unknown>({});
  return (
    <>
      <McpToolField title="Tool" description="" value={value} secret="" onChange={setValue} />
      <output>{JSON.stringify(value)}</output>
    </>
  );
}

function show(what: React.ReactNode) {
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={client()}>
        <MemoryRouter>{what}</MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

test('a server and a tool are chosen, and its form is filled in with values', async () => {
  const user = userEvent.setup();
  show(<Tool />);
  await user.click(screen.getByRole('combobox', { name: 'Server' }));
  await user.click(await screen.findByRole('option', { name: 'weather' }));
  await user.click(screen.getByRole('combobox', { name: 'Tool of this server' }));
  expect(await screen.findByRole('option', { name: /900 arguments/ })).toHaveAttribute('data-combobox-disabled');
  await user.click(screen.getByRole('option', { name: 'Forecast' }));
  expect(screen.getByText('Its server says: What the weather will be.')).toBeVisible();
  await user.click(screen.getByLabelText('City'));
  await user.click(screen.getByRole('button', { name: 'text' }));
  expect(screen.getByRole('status')).toHaveTextContent('"filled":{"city":"{{text}}"}');
});

test('a secret that is not there is told, and where to save one', () => {
  show(<SecretField label="Secret" description={undefined} value="weather" onChange={() => undefined} />);
  expect(screen.getByText('You have no secret called “weather”: save one.')).toBeVisible();
  expect(screen.getByRole('link', { name: 'Save a secret' })).toHaveAttribute('href', '/secrets');
});
