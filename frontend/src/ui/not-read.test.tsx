import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';

import { NotRead } from './not-read';

const PLACE = { passage_id: 'p', vault_id: 'v', document_id: 'd', start: 0, end: 9 };

test('what the model had no room for is counted, and named where names are told', () => {
  render(
    <MantineProvider>
      <NotRead count={0} passages={[]} />
      <NotRead count={1} passages={[]} />
      <NotRead count={2} passages={[{ ...PLACE, document: 'bees.pdf', page: 3 }, { ...PLACE, document: 'notes.md', page: null }]} />
    </MantineProvider>,
  );
  const [unnamed, named] = screen.getAllByRole('note');
  expect(unnamed).toHaveTextContent('1 passage was found that the model had no room for, and was not read.');
  expect(named).toHaveTextContent('were not read: bees.pdf, page 3; notes.md.');
});
