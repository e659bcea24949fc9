import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter } from 'react-router';

import type { VaultDocument } from '~/api/types';

import { DocumentList } from './document-list';

const aDocument = (change: Partial<VaultDocument>): VaultDocument => ({
  id: 'd1',
  vault_id: 'v1',
  name: 'bees.txt',
  media_type: 'text/plain',
  size_bytes: 1200,
  stage: 'active',
  progress: 1,
  error: null,
  page_count: null,
  chunk_count: 2,
  chunks_done: 2,
  pages_done: 0,
  version: 1,
  tags: [],
  web_source: null,
  replacement: null,
  created_at: '2026-01-01T00:00:00Z',
  ...change,
});

function shown(documents: readonly VaultDocument[], onTag = vi.fn()) {
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <MemoryRouter>
          <DocumentList documents={documents} onTag={onTag} />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return screen.getByRole('list', { name: 'Documents' });
}

test('a document says how far it is, why it failed, and what can be done about it', () => {
  const list = shown([
    aDocument({}),
    aDocument({
      id: 'd2',
      name: 'locked.pdf',
      stage: 'failed',
      error: { title: 'Cannot be read', detail: 'It is protected by a password.' },
    }),
    aDocument({ id: 'd3', name: 'long.pdf', stage: 'chunked', chunk_count: 40, chunks_done: 16 }),
    aDocument({ id: 'd5', name: 'book.pdf', stage: 'chunked', page_count: 500, pages_done: 40 }),
    aDocument({ id: 'd4', name: 'stopped.pdf', stage: 'cancelled' }),
  ]);
  expect(within(list).getByRole('link', { name: 'bees.txt' })).toHaveAttribute('href', '/documents/d1');
  expect(within(list).getByText('It is protected by a password.')).toBeVisible();
  expect(within(list).getByRole('button', { name: 'Try locked.pdf again' })).toBeEnabled();
  expect(within(list).queryByRole('button', { name: 'Try bees.txt again' })).toBeNull();
  expect(within(list).getByText(/16 of 40/)).toBeVisible();
  expect(within(list).getByText(/pages 1–40 of 500 ready/)).toBeVisible();
  expect(within(list).getByRole('button', { name: 'Stop taking long.pdf in' })).toBeEnabled();
  expect(within(list).getByRole('button', { name: 'Try stopped.pdf again' })).toBeEnabled();
});

test('a page of the web says where it is from, how often it is fetched again, and what went wrong', () => {
  const source = {
    url: 'https://example.org/bees',
    period: 'weekly' as const,
    fetched_at: new Date(Date.now() - 3 * 3600_000).toISOString(),
    changed_at: null,
    next_at: new Date(Date.now() + 50 * 3600_000).toISOString(),
    problem: { title: 'Page is gone', detail: 'The page is gone. What was read of it before stays and is searched.' },
  };
  shown([aDocument({ web_source: source })]);
  expect(screen.getByRole('link', { name: source.url })).toHaveAttribute('href', source.url);
  expect(screen.getByRole('combobox', { name: 'How often bees.txt is fetched again' })).toHaveValue('weekly');
  expect(screen.getByText(/last fetched 3 hours ago · next in 2 days/)).toBeVisible();
  expect(screen.getByText(/stays and is searched/)).toBeVisible();
});

test('a tag shows what else has it, and a new one is kept beside those that are there', async () => {
  const asked: { method: string; body: unknown }[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'PATCH') asked.push({ method: request.method, body: await request.json() });
    return Response.json(request.method === 'PATCH' ? aDocument({ tags: ['draft', 'honey'] }) : { tags: [], types: [] });
  });
  const onTag = vi.fn();
  const list = shown([aDocument({ tags: ['draft'] })], onTag);
  await userEvent.click(within(list).getByRole('button', { name: 'draft' }));
  expect(onTag).toHaveBeenCalledWith('draft');
  await userEvent.click(within(list).getByRole('button', { name: 'Change the tags of bees.txt' }));
  await userEvent.type(within(await screen.findByRole('dialog')).getByRole('combobox', { name: 'Tags' }), 'honey{enter}');
  await waitFor(() => expect(asked).toEqual([{ method: 'PATCH', body: { tags: ['draft', 'honey'] } }]));
  vi.unstubAllGlobals();
});
