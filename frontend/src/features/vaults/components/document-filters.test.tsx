import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import { listingOf, type Listing } from '../model/listing';
import { DocumentFilters } from './document-filters';

test('a part of a name is looked for from the first page, and clearing empties the field', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ tags: [], types: [] })));
  const onChange = vi.fn();
  const client = new QueryClient();
  const filters = (listing: Listing) => (
    <MantineProvider env="test">
      <QueryClientProvider client={client}>
        <DocumentFilters vaultId="v1" listing={listing} onChange={onChange} />
      </QueryClientProvider>
    </MantineProvider>
  );
  const all = listingOf(new URLSearchParams());
  const { rerender } = render(filters({ ...all, page: 7 }));
  const name = screen.getByRole('searchbox', { name: 'Name' });
  await userEvent.type(name, 'bees');
  await waitFor(() => expect(onChange).toHaveBeenLastCalledWith({ ...all, name: 'bees' }));
  rerender(filters({ ...all, name: 'bees' }));
  expect(name).toHaveValue('bees');
  rerender(filters(all));
  expect(name).toHaveValue('');
  vi.unstubAllGlobals();
});
