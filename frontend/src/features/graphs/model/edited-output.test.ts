import { editableOf, writtenOf } from './edited-output';

const PASSAGES = {
  type: 'passages',
  passages: [
    { passage_id: 'p1', document: 'bees.md', text: 'Bees dance.', page: 1, score: 1, ranks: { fused: 1 } },
    { passage_id: 'p2', document: 'wasps.md', text: 'Wasps do not.', page: null, score: 0.5, ranks: { fused: 2 } },
  ],
};

test('what is not changed goes back as it was', () => {
  for (const value of [PASSAGES, { type: 'text', text: 'words' }, { type: 'values', values: { total: 3 } }]) {
    expect(writtenOf(editableOf(value))).toEqual(value);
  }
});

test('a passage that is unticked is not handed on, and the others keep everything they carry', () => {
  const form = editableOf(PASSAGES);
  if (form.sort !== 'passages') throw new Error('these are passages');
  expect(writtenOf({ ...form, kept: [false, true] })).toEqual({ type: 'passages', passages: [PASSAGES.passages[1]] });
});

test('an answer that was changed loses the citations, which were of other words', () => {
  const answer = { type: 'answer', text: 'Bees.', citations: [{ number: 1 }], sentences: [], found: true };
  expect(writtenOf(editableOf(answer))).toEqual({ type: 'answer', text: 'Bees.' });
});
