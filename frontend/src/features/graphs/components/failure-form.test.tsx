import { MantineProvider } from '@mantine/core';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import { useEditor } from '../model/editor-store';
import { aGraph, KINDS } from '../model/test-graph';
import { FailureForm } from './failure-form';

function Shown() {
  const node = useEditor((state) => state.history.present.nodes.find(({ id }) => id === 'sources'));
  if (node === undefined) return null;
  return (
    <MantineProvider env="test">
      <FailureForm node={node} recoveries={['default', 'branch']} />
    </MantineProvider>
  );
}

test('a step is told to go on with a default value after some tries, and it can be undone', async () => {
  const user = userEvent.setup();
  const graph = aGraph(['start', 'sources:answer_with_sources']);
  useEditor.getState().open({ id: 'a1', graph, revision: 1, problems: [] }, [...KINDS.values()]);
  render(<Shown />);
  await user.click(screen.getByText('If this step fails'));
  await user.type(screen.getByLabelText('Tries after the first'), '{backspace}2');
  await user.click(screen.getByRole('combobox', { name: 'When that does not help' }));
  await user.click(screen.getByRole('option', { name: 'Go on with a default value' }));
  await user.type(screen.getByLabelText('Default value'), 'Later.');
  const step = () => useEditor.getState().history.present.nodes[1];
  expect(step()?.on_error).toEqual({ retries: 2, pause_s: 1, then: 'default', default: 'Later.' });
  act(() => useEditor.getState().undo());
  expect(step()?.on_error).toBeUndefined();
});
