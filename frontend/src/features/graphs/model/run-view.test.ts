import type { RunEvent } from '~/api/events';

import { after, startRun, stepOf } from './run-view';

const EVENTS: RunEvent[] = [
  { event: 'run.started', data: { run_id: 'r1' } },
  { event: 'node.started', data: { node_id: 'search', kind: 'search_documents', title: 'Search' } },
  { event: 'node.finished', data: { node_id: 'search', kind: 'search_documents', took_ms: 12, output: { passages: [] }, detail: {} } },
  { event: 'node.started', data: { node_id: 'answer', kind: 'answer', title: 'Answer' } },
  { event: 'answer.delta', data: { text: 'Bees ' } },
  { event: 'answer.delta', data: { text: 'dance.' } },
];

test('a run is gathered event by event', () => {
  const run = EVENTS.reduce(after, startRun('do bees dance?'));
  expect(run).toMatchObject({ state: 'running', runId: 'r1', answer: 'Bees dance.' });
  expect(stepOf(run, 'search')).toMatchObject({ state: 'done', tookMs: 12 });
  expect(stepOf(run, 'answer')).toMatchObject({ state: 'running' });
});

test('what the run ends with is what counts, not the pieces before', () => {
  const run = EVENTS.reduce(after, startRun('?'));
  const ended = after(run, { event: 'run.finished', data: { answer: 'Bees do dance.', citations: [], sentences: [], not_ready: { count: 0, documents: [] }, left_out: { count: 0, passages: [] }, usage: {} } });
  expect(ended).toMatchObject({ state: 'finished', answer: 'Bees do dance.' });
});

test('a step that was tried again and then gave its default value says why', () => {
  const trouble = { node_id: 'answer', kind: 'answer', code: 'model_unavailable', message: 'The model is busy.' };
  const run = [
    ...EVENTS,
    { event: 'node.retried', data: { ...trouble, attempt: 2, pause_s: 1 } } as const,
    { event: 'node.recovered', data: { ...trouble, by: 'default' } } as const,
  ].reduce(after, startRun('?'));
  expect(stepOf(run, 'answer')?.troubles).toEqual([
    'The model is busy. Trying again (try 2).',
    'The model is busy. Its default value was used.',
  ]);
});

test('a failure is told at the step where it happened', () => {
  const run = EVENTS.reduce(after, startRun('?'));
  const ended = after(run, { event: 'run.failed', data: { node_id: 'answer', code: 'model', message: 'No model.' } });
  expect(stepOf(ended, 'answer')?.state).toBe('failed');
  expect(stepOf(ended, 'search')?.state).toBe('done');
  expect(ended.problem).toEqual({ nodeId: 'answer', message: 'No model.' });
});
