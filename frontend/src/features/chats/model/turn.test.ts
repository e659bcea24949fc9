import { after, ask, failed, isUnderWay, stopped } from './turn';

test('an answer grows, ends with its whole text, and then its charge comes', () => {
  let turn = ask('do bees dance?');
  turn = after(turn, { event: 'node.started', data: { node_id: 'n', kind: 'search_documents', title: 'Search my documents' } });
  expect(turn).toMatchObject({ state: 'asking', step: 'Search my documents' });
  turn = after(turn, { event: 'answer.delta', data: { text: 'Bees' } });
  expect(isUnderWay(turn)).toBe(true);
  turn = after(turn, {
    event: 'run.finished',
    data: { answer: 'Bees dance.', citations: [], sentences: [], not_ready: { count: 2, documents: [] }, left_out: { count: 0, passages: [] }, usage: {} },
  });
  turn = after(turn, { event: 'charge', data: { charge: 10_000, proof_id: 'p1' } });
  expect(turn).toMatchObject({ state: 'done', answer: 'Bees dance.', charge: 10_000, proofId: 'p1', notReady: { count: 2 } });
});

test('a run that waits for a decision is not under way, and nothing of it is an answer yet', () => {
  const turn = after(ask('?'), { event: 'run.parked', data: { asked: [{ title: 'Send it?', inquiry_id: null, expires_at: null }] } });
  expect(turn).toMatchObject({ state: 'waiting', answer: '' });
  expect(isUnderWay(turn)).toBe(false);
});

test('a missing license is told apart from other failures', () => {
  expect(failed(ask('?'), { title: 'No license', detail: '', status: 402 }).problem?.needsLicense).toBe(true);
  expect(failed(ask('?'), { title: 'Busy', detail: '', status: 503 }).problem?.needsLicense).toBe(false);
  expect(isUnderWay(stopped(ask('?')))).toBe(false);
});
