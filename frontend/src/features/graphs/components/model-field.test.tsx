import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import { useEditor } from '../model/editor-store';
import { ModelField } from './model-field';

const MODEL = { kind: 'file', title: 'q.gguf', context_tokens: 4096, is_default: false, is_usable: true } as const;

test('a step chooses among the models of the server, and says when its own is not there', async () => {
  useEditor.setState({ models: [{ ...MODEL, name: 'built-in', is_default: true, title: 'Small' }, { ...MODEL, name: 'large' }] });
  const change = vi.fn();
  const { rerender } = render(
    <MantineProvider env="test">
      <ModelField label="Model" description={undefined} value="" onChange={change} />
    </MantineProvider>,
  );
  const field = screen.getByRole('combobox', { name: 'Model' });
  expect(field).toHaveValue('The server’s choice (Small)');
  await userEvent.click(field);
  await userEvent.click(screen.getByRole('option', { name: 'large' }));
  expect(change).toHaveBeenCalledWith('large');
  rerender(
    <MantineProvider env="test">
      <ModelField label="Model" description={undefined} value="lost" onChange={change} />
    </MantineProvider>,
  );
  expect(screen.getByRole('combobox', { name: 'Model' })).toHaveValue('lost (not on this server)');
});
