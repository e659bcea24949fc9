/** What a step handed on, and how it came to that. */
import { Code, Stack, Text } from '@mantine/core';

import type { StepView } from '../model/run-view';
import { notesOn } from '../model/step-notes';
import { asPassages, asPlainText } from '../model/step-output';
import { toolNotesOn } from '../model/tool-notes';
import classes from './step-details.module.css';

export function StepDetails({ step }: { step: StepView }) {
  const sockets = typeof step.output === 'object' && step.output !== null ? Object.entries(step.output as Record<string, unknown>) : [];
  const hasDetail = typeof step.detail === 'object' && step.detail !== null && Object.keys(step.detail).length > 0;
  return (
    <Stack gap="sm" className={classes.details}>
      {step.troubles.map((words) => (
        <Text key={words} fz="xs" c="var(--q-bad)">
          {words}
        </Text>
      ))}
      {[...notesOn(step.detail), ...toolNotesOn(step.detail)].map((words) => (
        <Text key={words} fz="xs" c="dimmed">
          {words}
        </Text>
      ))}
      {sockets.map(([socket, value]) => (
        <div key={socket}>
          <Text fz="xs" fw={600} mb={4}>
            Handed on: {socket}
          </Text>
          <Output value={value} />
        </div>
      ))}
      {sockets.length === 0 && (
        <Text fz="xs" c="dimmed">
          {step.state === 'done' ? 'It handed nothing on.' : 'Nothing yet.'}
        </Text>
      )}
      {hasDetail && (
        <details>
          <summary className={classes.summary}>How it came to that</summary>
          <Code block fz={11} mt={6} mah={280} style={{ overflow: 'auto', whiteSpace: 'pre-wrap' }} tabIndex={0}>
            {JSON.stringify(step.detail, null, 2)}
          </Code>
        </details>
      )}
    </Stack>
  );
}

function Output({ value }: { value: unknown }) {
  const passages = asPassages(value);
  if (passages !== null) {
    if (passages.length === 0) return <Text fz="xs">No passages.</Text>;
    return (
      <ol className={classes.passages}>
        {passages.map((passage, index) => (
          <li key={index}>
            <Text fz="xs" fw={550}>
              {passage.document}
              {passage.page !== null && `, page ${passage.page}`}
            </Text>
            <Text fz="xs" c="dimmed" lineClamp={4}>
              {passage.text}
            </Text>
          </li>
        ))}
      </ol>
    );
  }
  const text = asPlainText(value);
  return (
    <Text fz="xs" className={classes.text} tabIndex={0}>
      {text === '' ? 'Nothing.' : text}
    </Text>
  );
}
