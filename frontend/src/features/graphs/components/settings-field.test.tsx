import { MantineProvider } from '@mantine/core';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';

import type { Field } from '../model/form';
import { SettingsField } from './settings-field';

function Form({ field, first }: { field: Field; first: unknown }) {
  const [value, setValue] = useState(first);
  return (
    <MantineProvider env="test">
      <SettingsField field={field} value={value} vaults={[{ id: 'v1', name: 'Handbook' }]} noVaults={null} onChange={setValue} />
      <output>{JSON.stringify(value)}</output>
    </MantineProvider>
  );
}

test('a chip inserts the value that the description names', async () => {
  render(
    <Form
      first="Say: "
      field={{
        name: 'prompt',
        title: 'Prompt',
        description: '{{question}} inserts what was asked.',
        fallback: '',
        control: 'template',
        maxLength: null,
      }}
    />,
  );
  await userEvent.click(screen.getByLabelText('Prompt'));
  await userEvent.click(screen.getByRole('button', { name: 'question' }));
  expect(screen.getByRole('status')).toHaveTextContent('"Say: {{question}}"');
});

test('a vault is chosen by its name and kept by its id', async () => {
  render(
    <Form
      first={[]}
      field={{ name: 'vaults', title: 'Vaults', description: '', fallback: [], control: 'vaults' }}
    />,
  );
  await userEvent.click(screen.getByRole('combobox', { name: 'Vaults' }));
  await userEvent.click(await screen.findByRole('option', { name: 'Handbook' }));
  expect(screen.getByRole('status')).toHaveTextContent('["v1"]');
});

test('rows are added with an id of their own, filled, moved and removed', async () => {
  const user = userEvent.setup();
  const inner = { title: '', description: '', fallback: '' };
  render(
    <Form
      first={[{ id: 'then', name: 'Then' }]}
      field={{
        name: 'branches',
        title: 'Branches',
        description: '',
        fallback: [],
        control: 'rows',
        most: 2,
        fields: [
          { ...inner, name: 'id', control: 'row-id' },
          { ...inner, name: 'name', title: 'Name', control: 'text', maxLength: null },
        ],
      }}
    />,
  );
  await user.click(screen.getByRole('button', { name: 'Add' }));
  const second = screen.getByRole('group', { name: 'Branches, 2' });
  await user.type(within(second).getByLabelText('Name'), 'No');
  expect(screen.getByRole('button', { name: 'Add' })).toBeDisabled();
  await user.click(screen.getByRole('button', { name: 'Move 2 up' }));
  await user.click(screen.getByRole('button', { name: 'Remove 2' }));
  expect(screen.getByRole('status')).toHaveTextContent('[{"id":"row-1","name":"No"}]');
});
