import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import { NameDialog } from './name-dialog';

test('new words are saved, and the dialog stays open with the reason when they are not', async () => {
  const mutate = vi.fn();
  const onClose = vi.fn();
  const dialog = (error: Error | null) => (
    <MantineProvider env="test">
      <NameDialog
        naming={{ name: 'Bees', description: '' }}
        saving={{ mutate, isPending: false, error }}
        onClose={onClose}
      />
    </MantineProvider>
  );
  const { rerender } = render(dialog(null));
  const name = screen.getByRole('textbox', { name: 'Name' });
  await userEvent.clear(name);
  await userEvent.type(name, 'Wasps');
  await userEvent.type(screen.getByRole('textbox', { name: 'Description' }), 'What stings.{enter}');
  await userEvent.click(screen.getByRole('button', { name: 'Save' }));
  expect(mutate).toHaveBeenCalledWith({ name: 'Wasps', description: 'What stings.\n' }, { onSuccess: onClose });
  rerender(dialog(new Error('taken')));
  expect(screen.getByRole('alert')).toBeVisible();
  expect(onClose).not.toHaveBeenCalled();
});
