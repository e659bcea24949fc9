/** One run from question to answer, step by step; beside another, what differs is marked. */
import { Alert, Badge, Button, Group, Paper, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconPlayerPlay } from '@tabler/icons-react';
import { Fragment } from 'react';

import type { Trace, TraceStep } from '~/api/types';
import { AnswerText } from '~/ui/answer-text';
import { Money } from '~/ui/currency';
import { formatMilliseconds } from '~/ui/format';

import { asPlainText } from '../../model/step-output';
import { differs, stepAt } from '../../model/trace';
import { KindIcon } from '../kind-icon';
import { StepTrace } from './step-trace';
import classes from './trace.module.css';

interface TraceColumnProps {
  title: string;
  trace: Trace;
  /** The run beside this one. */
  other?: Trace | undefined;
  openNode: string | null;
  onOpen: (nodeId: string | null) => void;
  onAgain: (step: TraceStep) => void;
}

const STATES = { done: '', failed: 'failed', stopped: 'stopped', reused: 'as before' } as const;

export function TraceColumn({ title, trace, other, openNode, onOpen, onAgain }: TraceColumnProps) {
  const used = trace.usage as { prompt_tokens?: number; completion_tokens?: number; took_ms?: number } | null;
  const open = (number: number): void => {
    const citation = trace.citations.find((each) => each.number === number);
    if (citation === undefined) return;
    globalThis.open(`/documents/${citation.document_id}?start=${citation.start}&end=${citation.end}`, '_blank');
  };
  return (
    <Stack gap="md" component="section" aria-label={title}>
      <Text fw={600}>{title}</Text>
      <Paper p="md">
        <Text fz="xs" c="dimmed">
          Question
        </Text>
        <Text fz="sm" mb="sm">
          {trace.question}
        </Text>
        {trace.failure !== null && (
          <Alert color="red" icon={<IconAlertTriangle />} title={trace.state === 'cancelled' ? 'Stopped' : 'The run failed'}>
            <Text fz="sm">{asPlainText(trace.failure['message'] ?? '')}</Text>
          </Alert>
        )}
        {trace.answer !== null && (
          <>
            <Text fz="xs" c="dimmed">
              {trace.again?.only === true ? 'What the step handed on' : 'Answer'}
            </Text>
            <AnswerText answer={trace.answer} sentences={[]} citations={trace.citations} onOpenCitation={open} />
            {trace.citations.length > 0 && (
              <Text fz="xs" c="dimmed" mt={6}>
                {trace.citations.map(({ number, document, page }) => (
                  <Fragment key={number}>
                    [{number}] {document}
                    {page !== null && `, page ${page}`}{' '}
                  </Fragment>
                ))}
              </Text>
            )}
          </>
        )}
        <Group gap="md" mt="sm" fz="xs" c="dimmed">
          {used?.took_ms !== undefined && <span>{formatMilliseconds(used.took_ms)}</span>}
          {used?.prompt_tokens !== undefined && (
            <span>
              {used.prompt_tokens} tokens read, {used.completion_tokens} written
            </span>
          )}
          <span>
            Charged: <Money amount={trace.charge} />
          </span>
        </Group>
      </Paper>
      <ol className={classes.steps} aria-label={`Steps of: ${title}`}>
        {trace.steps.map((step, index) => {
          const isOpen = openNode === step.node_id;
          const isDifferent = other !== undefined && step.state !== 'reused' && differs(step, stepAt(other, step.node_id));
          return (
            <li key={index}>
              <UnstyledButton
                className={classes.step}
                data-state={step.state}
                aria-expanded={isOpen}
                onClick={() => onOpen(isOpen ? null : step.node_id)}
              >
                <KindIcon kind={step.kind} size={16} />
                <span className={classes.title}>{step.title}</span>
                {step.edited && <Badge color="yellow">Changed by you</Badge>}
                {isDifferent && <Badge color="yellow">Differs</Badge>}
                <span className={classes.time}>
                  {STATES[step.state] === '' && step.took_ms !== null ? formatMilliseconds(step.took_ms) : STATES[step.state]}
                </span>
              </UnstyledButton>
              {isOpen && (
                <>
                  <StepTrace trace={trace} step={step} />
                  {step.inside.length === 0 && (
                    <Group px="sm" pb="sm">
                      <Button size="compact-sm" variant="light" leftSection={<IconPlayerPlay size={14} />} onClick={() => onAgain(step)}>
                        Change it and run again from here
                      </Button>
                    </Group>
                  )}
                </>
              )}
            </li>
          );
        })}
      </ol>
    </Stack>
  );
}
