/** Ask the draft, watch its steps, open any of them. */
import { Alert, Anchor, Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { IconAlertTriangle, IconPlayerPlay, IconPlayerStop, IconUserQuestion } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';

import { AnswerText } from '~/ui/answer-text';
import { EmptyState } from '~/ui/empty-state';
import { NotRead } from '~/ui/not-read';
import { NotSearched } from '~/ui/not-searched';
import { inLine } from '~/ui/waiting';

import { useEditor, type AgentChoice } from '../model/editor-store';
import type { Graph } from '../model/graph';
import classes from './run-panel.module.css';
import { StepList } from './step-list';

interface RunPanelProps {
  onStart: (question: string) => void;
  onStop: () => void;
}

export function RunPanel({ onStart, onStop }: RunPanelProps) {
  const run = useEditor((state) => state.run);
  const problems = useEditor((state) => state.problems);
  const lookAt = useEditor((state) => state.lookAt);
  const pays = useEditor(paysOthers);
  const agentId = useEditor((state) => state.agentId);
  const [question, setQuestion] = useState('');
  const isRunning = run.state === 'running';
  const canStart = question.trim() !== '' && problems.length === 0 && !isRunning;

  const start = (): void => {
    if (!canStart) return;
    onStart(question.trim());
  };

  return (
    <Stack gap="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start();
        }}
      >
        <Textarea
          label="Question"
          description={
            pays ? 'Runs the draft as you see it. What the agents that it runs cost is taken from your licenses.' : 'Runs the draft as you see it. Trying is free.'
          }
          autosize
          minRows={2}
          maxRows={8}
          value={question}
          onChange={(event) => setQuestion(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              start();
            }
          }}
        />
        <Group justify="space-between" mt="xs">
          <Text fz="xs" c="dimmed">
            {problems.length > 0 ? 'Solve the problems first.' : 'Enter runs, Shift + Enter makes a new line.'}
          </Text>
          {isRunning ? (
            <Button size="xs" variant="default" leftSection={<IconPlayerStop size={14} />} onClick={onStop}>
              Stop
            </Button>
          ) : (
            <Button size="xs" type="submit" disabled={!canStart} leftSection={<IconPlayerPlay size={14} />}>
              Run
            </Button>
          )}
        </Group>
      </form>

      {run.state === 'idle' && (
        <EmptyState icon={IconPlayerPlay} title="Try it here" compact>
          The steps light up on the canvas as they run. Open one to see what came in, what went out and how long it took.
        </EmptyState>
      )}

      {run.steps.length > 0 && (
        <StepList
          key={run.runId}
          label="Steps of this run"
          run={run}
          steps={run.steps.filter(({ inside }) => inside.length === 0)}
          onOpen={lookAt}
        />
      )}

      {isRunning && run.ahead > 0 && (
        <Text fz="sm" c="dimmed" role="status">
          {inLine(run.ahead)}
        </Text>
      )}
      {run.problem !== null && (
        <Alert role="alert" color="red" icon={<IconAlertTriangle />} title="The run failed">
          <Text fz="sm">{run.problem.message}</Text>
        </Alert>
      )}
      {run.runId !== null && agentId !== null && !isRunning && (
        <Anchor component={Link} to={`/agents/${agentId}/runs/${run.runId}`} fz="sm">
          Open this run: look into each step, change one and run again from there
        </Anchor>
      )}
      {run.state === 'waiting' && (
        <Alert role="status" icon={<IconUserQuestion />} title="Waiting for a decision">
          <Text fz="sm">
            {run.asked.map((title) => `“${title}”`).join(', ')} – decide in your{' '}
            <Anchor component={Link} to="/inbox" target="_blank" fz="sm">
              inbox
            </Anchor>
            ; the run goes on after that, and this run's page shows how.
          </Text>
        </Alert>
      )}
      {run.state === 'cancelled' && (
        <Text fz="sm" c="dimmed" role="status">
          Stopped.
        </Text>
      )}
      {run.answer !== '' && (
        <section aria-label="Answer" className={classes.answer} aria-live="polite" aria-busy={isRunning}>
          <AnswerText
            answer={run.answer}
            sentences={run.sentences}
            citations={run.citations}
            onOpenCitation={(number) => document.getElementById(`run-citation-${number}`)?.focus()}
          />
          {run.citations.length > 0 && (
            <ol className={classes.citations} aria-label="Citations">
              {run.citations.map((citation) => (
                <li key={citation.number}>
                  <Anchor
                    id={`run-citation-${citation.number}`}
                    component={Link}
                    to={`/documents/${citation.document_id}?start=${citation.start}&end=${citation.end}`}
                    target="_blank"
                    fz="xs"
                    fw={550}
                  >
                    {citation.number}. {citation.document}
                    {citation.page !== null && `, page ${citation.page}`}
                  </Anchor>
                  <Text fz="xs" c="dimmed" lineClamp={3}>
                    “{citation.quote}”
                  </Text>
                </li>
              ))}
            </ol>
          )}
          <NotSearched {...run.notReady} />
          <NotRead {...run.unread} />
        </section>
      )}
    </Stack>
  );
}

/** Whether a run of the draft asks agents that cost something. */
function paysOthers({ history, agents }: { history: { present: Graph }; agents: readonly AgentChoice[] }): boolean {
  const dear = new Set(agents.filter(({ cost }) => cost > 0).map(({ slug }) => slug));
  return history.present.nodes.some(({ kind, settings }) => kind === 'run_agent' && dear.has(String(settings['agent']).split('@')[0] ?? ''));
}
