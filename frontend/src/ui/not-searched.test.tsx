import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';

import { NotSearched } from './not-searched';

function show(notSearched: React.ReactNode): void {
  render(
    <MantineProvider>
      <MemoryRouter>{notSearched}</MemoryRouter>
    </MantineProvider>,
  );
}

test('the owner reads which files were not searched and why, and gets to their vault', () => {
  const at = { vault_id: 'v1', document_id: 'd' };
  show(
    <NotSearched
      count={3}
      documents={[
        { ...at, document: 'a.pdf', stage: 'reading', reason: '' },
        { ...at, document: 'b.docx', stage: 'failed', reason: 'Cannot be read' },
      ]}
    />,
  );
  expect(screen.getByRole('note')).toHaveTextContent(
    '3 files were not ready and were not searched: a.pdf (reading), b.docx (failed: Cannot be read) and 1 more.',
  );
  expect(screen.getByRole('link')).toHaveAttribute('href', '/vaults/v1');
});

test('others read only how many, and nothing is said when all was searched', () => {
  show(
    <>
      <NotSearched count={1} documents={[]} />
      <NotSearched count={0} documents={[]} />
    </>,
  );
  expect(screen.getByRole('note')).toHaveTextContent('1 file was not ready and was not searched.');
  expect(screen.queryByRole('link')).not.toBeInTheDocument();
});
