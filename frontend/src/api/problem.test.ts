import { asProblem, problemOf } from './problem';

test('a problem document is told in its own words and keeps its facts', () => {
  const problem = problemOf({ type: 'urn:qanat:x', title: 'No license', detail: 'Buy one.', status: 402, offers: [1] }, 402);
  expect(problem).toMatchObject({ title: 'No license', detail: 'Buy one.', status: 402, kind: 'urn:qanat:x' });
  expect(problem.facts['offers']).toEqual([1]);
});

test('a failure without words still says what to do', () => {
  expect(problemOf('<html>', 502).detail).toContain('Try again');
  expect(asProblem(new TypeError('fetch failed')).title).toBe('The server cannot be reached');
});
