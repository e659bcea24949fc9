import { notesOn } from './step-notes';

test('a step says in words what its model read and wrote, and what it had no room for', () => {
  const detail = {
    models: [{ model: 'small', tokens: { prompt: 300, reused: 120, written: 80, window: 512, cut_short: true } }],
    left_out: [{ document: 'bees.pdf', page: 2 }],
    passages_weighed: 5,
    not_weighed: ['wasps.md'],
  };
  expect(notesOn(detail)).toEqual([
    'small read 300 of the 512 tokens that it can, 120 of them known from before, and wrote 80: all that it was allowed, so it may have broken off.',
    'The model had no room for 1 passage: bees.pdf, page 2.',
    'The best 5 passages were weighed; not wasps.md.',
  ]);
  expect(notesOn(null)).toEqual([]);
});
