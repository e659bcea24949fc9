import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';

import { CurrencyProvider } from '~/ui/currency';

import { useEditor } from '../model/editor-store';
import { AgentField } from './agent-field';

function Shown() {
  const [value, setValue] = useState('');
  return (
    <MantineProvider env="test">
      <CurrencyProvider value={{ symbol: 'QUSD', decimals: 6 }}>
        <AgentField label="Agent" description="Which one." value={value} onChange={setValue} />
        <output>{value}</output>
      </CurrencyProvider>
    </MantineProvider>
  );
}

test('an agent is chosen by its name, its price is said, and it may stay on a version', async () => {
  const user = userEvent.setup();
  useEditor.setState({
    agents: [
      { slug: 'mine', name: 'Mine', version: 1, isMine: true, cost: 0 },
      { slug: 'oracle', name: 'Oracle', version: 2, isMine: false, cost: 10_000 },
    ],
  });
  render(<Shown />);
  await user.click(screen.getByRole('combobox', { name: 'Agent' }));
  expect(screen.getByRole('option', { name: 'Mine (yours)' })).toBeVisible();
  await user.click(screen.getByRole('option', { name: 'Oracle' }));
  expect(screen.getByRole('status')).toHaveTextContent(/^oracle$/);
  expect(screen.getByText(/Each answer costs you 0\.01 QUSD/)).toBeVisible();
  await user.click(screen.getByRole('combobox', { name: 'Version' }));
  await user.click(screen.getByRole('option', { name: 'Stay on 1' }));
  expect(screen.getByRole('status')).toHaveTextContent('oracle@1');
});
