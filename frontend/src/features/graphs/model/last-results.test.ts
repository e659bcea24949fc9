import { runToBeginFrom } from './last-results';
import { aGraph } from './test-graph';

const GRAPH = aGraph(['start', 'search_documents', 'answer'], ['start.question > search_documents.question', 'search_documents.passages > answer.value']);

test('a step is run alone from the run in which it ran last', () => {
  expect(runToBeginFrom(GRAPH, 'answer', { answer: { run_id: 'r2', at: '2026-01-02' } })).toBe('r2');
});

test('a step that never ran is run from the newest run that has what it takes in', () => {
  const results = { start: { run_id: 'r1', at: '2026-01-01' }, search_documents: { run_id: 'r3', at: '2026-01-03' } };
  expect(runToBeginFrom(GRAPH, 'answer', results)).toBe('r3');
  expect(runToBeginFrom(GRAPH, 'search_documents', {})).toBeNull();
});
