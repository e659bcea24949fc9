import { marksOf, summaryOf } from './difference';

const step = (node_id: string, change: 'added' | 'removed' | 'changed' | 'moved') => ({ node_id, kind: 'answer', title: 'Answer', change, settings: [] });
const STEPS = [step('a', 'added'), step('r', 'removed'), step('c', 'changed')];

test('each graph is marked with what concerns it', () => {
  expect([...marksOf({ steps: STEPS }, 'before')]).toEqual([['r', 'removed'], ['c', 'changed']]);
  expect([...marksOf({ steps: STEPS }, 'after')]).toEqual([['a', 'added'], ['c', 'changed']]);
});

test('how much differs is said in one sentence', () => {
  expect(summaryOf({ steps: [], edges: [] })).toBe('Nothing differs.');
  expect(summaryOf({ steps: [...STEPS, step('d', 'changed')], edges: [] })).toBe('2 steps changed, 1 step added, 1 step removed.');
});
