import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import { AnswerText } from './answer-text';

test('a mark opens its citation, and an unsupported sentence says that it is one', async () => {
  const opened = vi.fn();
  render(
    <MantineProvider env="test">
      <AnswerText
        answer="Bees dance. They sing."
        sentences={[
          { text: 'Bees dance.', start: 0, end: 11, supported: true, citations: [1] },
          { text: 'They sing.', start: 12, end: 22, supported: false, citations: [] },
        ]}
        citations={[{ number: 1, document: 'bees.txt' }]}
        onOpenCitation={opened}
      />
    </MantineProvider>,
  );
  await userEvent.click(screen.getByRole('button', { name: 'Citation 1: bees.txt' }));
  expect(opened).toHaveBeenCalledWith(1);
  expect(screen.getByText(/They sing\./)).toHaveTextContent('not supported by the documents');
});

test('an answer with HTML in it shows the HTML and makes nothing of it', () => {
  const { container } = render(
    <MantineProvider env="test">
      <AnswerText answer={'<img src="http://evil.example/x.png"> <script>1</script>'} />
    </MantineProvider>,
  );
  expect(container.querySelector('img, script, a')).toBeNull();
  expect(screen.getByText(/<script>/)).toBeInTheDocument();
});
