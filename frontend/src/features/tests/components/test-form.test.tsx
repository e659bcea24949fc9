import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, vi } from 'vitest';

import type { AgentTest } from '~/api/types';

import { TestForm } from './test-form';

test('a drafted test is confirmed with what a right answer is like', async () => {
  const user = userEvent.setup();
  const onSave = vi.fn();
  const drafted: AgentTest = { id: 't', question: 'When was it built?', checks: [], state: 'draft', origin: { from: 'run', answer: 'In 1887.' } };
  render(
    <MantineProvider env="test">
      <TestForm test={drafted} isSaving={false} error={null} onClose={() => undefined} onSave={onSave} />
    </MantineProvider>,
  );
  expect(screen.getByText(/“In 1887.”/)).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'Confirm' }));
  expect(onSave).not.toHaveBeenCalled();
  expect(screen.getByText(/Add at least one check/)).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'One thing more' }));
  await user.type(screen.getByLabelText('Document'), 'bridges.txt');
  await user.click(screen.getByRole('button', { name: 'Confirm' }));
  expect(onSave).toHaveBeenCalledWith({
    question: 'When was it built?',
    checks: [{ kind: 'cites', document: 'bridges.txt', quote: '' }],
    state: 'confirmed',
  });
});
