/** Everything about one step of a run: what came in, what it asked the model, what went out, what it took. */
import { Code, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

import type { Trace, TraceStep } from '~/api/types';
import { formatMilliseconds } from '~/ui/format';

import { asPassages, asPlainText } from '../../model/step-output';
import { ranksInWords, stepAt, tokensOf } from '../../model/trace';
import classes from './trace.module.css';

export function StepTrace({ trace, step }: { trace: Trace; step: TraceStep }) {
  const tokens = tokensOf(step);
  const outputs = Object.entries(step.output ?? {});
  return (
    <Stack gap="sm" className={classes.details}>
      {step.troubles.map((trouble, index) => (
        <Text key={index} fz="xs" c="var(--q-bad)">
          {asPlainText(trouble['message'] ?? '')}
        </Text>
      ))}
      {step.inputs.map((input) => (
        <Part key={input.name} title={`Came in: ${input.name}, from “${stepAt(trace, input.node_id)?.title ?? input.node_id}”`}>
          <Value value={input.value} />
        </Part>
      ))}
      {step.prompt !== null && (
        <Part title="The prompt as it was sent">
          {step.prompt.map((message, index) => (
            <div key={index}>
              <Text fz="xs" c="dimmed">
                {message['role'] === 'system' ? 'Role' : message['role'] === 'user' ? 'Request' : 'Reply'}
              </Text>
              <Text fz="xs" className={classes.text} tabIndex={0}>
                {message['content']}
              </Text>
            </div>
          ))}
        </Part>
      )}
      {outputs.map(([socket, value]) => (
        <Part key={socket} title={`${step.edited ? 'You said' : 'Handed on'}: ${socket}`}>
          <Value value={value} />
        </Part>
      ))}
      <Text fz="xs" c="dimmed">
        {[
          step.state === 'reused' ? 'Taken over, not run again' : step.took_ms !== null && `Took ${formatMilliseconds(step.took_ms)}`,
          step.models.length > 0 && `${step.models[0]?.model ?? ''}: ${tokens.read} tokens read, ${tokens.written} written`,
        ]
          .filter(Boolean)
          .join(' · ')}
      </Text>
      {Object.keys(step.detail).length > 0 && (
        <details>
          <summary className={classes.summary}>Everything that was noted</summary>
          <Code block fz={11} mt={6} mah={280} style={{ overflow: 'auto', whiteSpace: 'pre-wrap' }} tabIndex={0}>
            {JSON.stringify(step.detail, null, 2)}
          </Code>
        </details>
      )}
    </Stack>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <Text fz="xs" fw={600} mb={4}>
        {title}
      </Text>
      {children}
    </div>
  );
}

export function Value({ value }: { value: unknown }) {
  const passages = asPassages(value);
  if (passages !== null) {
    const carried = (value as { passages?: unknown[] }).passages ?? [];
    if (passages.length === 0) return <Text fz="xs">No passages.</Text>;
    return (
      <ol className={classes.passages}>
        {passages.map((passage, index) => (
          <li key={index}>
            <Text fz="xs" fw={550}>
              {passage.document}
              {passage.page !== null && `, page ${passage.page}`}
            </Text>
            <Text fz="xs" c="dimmed">
              {ranksInWords(carried[index])}
            </Text>
            <Text fz="xs" lineClamp={4}>
              {passage.text}
            </Text>
          </li>
        ))}
      </ol>
    );
  }
  const text = value === null || value === undefined ? '' : asPlainText(value);
  return (
    <Text fz="xs" className={classes.text} tabIndex={0}>
      {text === '' ? 'Nothing.' : text}
    </Text>
  );
}
