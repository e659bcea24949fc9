import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen, within } from '@testing-library/react';
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
  created_at: '2026-01-01T00:00:00Z',
  ...change,
});

test('a document that failed says why and can be tried again; one that is ready can be read', () => {
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <MemoryRouter>
          <DocumentList
            documents={[
              aDocument({}),
              aDocument({
                id: 'd2',
                name: 'locked.pdf',
                stage: 'failed',
                error: { title: 'Cannot be read', detail: 'It is protected by a password.' },
              }),
            ]}
          />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  const list = screen.getByRole('list', { name: 'Documents' });
  expect(within(list).getByRole('link', { name: 'bees.txt' })).toHaveAttribute('href', '/documents/d1');
  expect(within(list).getByText('It is protected by a password.')).toBeVisible();
  expect(within(list).getByRole('button', { name: 'Try locked.pdf again' })).toBeEnabled();
  expect(within(list).queryByRole('button', { name: 'Try bees.txt again' })).toBeNull();
});
