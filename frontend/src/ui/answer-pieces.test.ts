import { inlinesOf, stretchesOf } from './answer-pieces';
import { countCodePoints, sliceByCodePoints } from './text-offsets';

test('offsets count characters as the server does, not as JavaScript', () => {
  const text = '🐝 Bees dance. 蜜蜂跳舞。';
  expect(sliceByCodePoints(text, 2, 13)).toBe('Bees dance.');
  expect(sliceByCodePoints(text, 14, 19)).toBe('蜜蜂跳舞。');
  expect(countCodePoints(text)).toBe(19);
});

test('each sentence ends with the marks of its citations, and unsupported ones are told apart', () => {
  const answer = '🐝 Bees dance. They sing.';
  const stretches = stretchesOf(
    answer,
    [
      { text: '🐝 Bees dance.', start: 0, end: 13, supported: true, citations: [1] },
      { text: 'They sing.', start: 14, end: 24, supported: false, citations: [] },
    ],
    new Set([1]),
  );
  expect(stretches).toEqual([
    { support: 'supported', inlines: [{ kind: 'text', text: '🐝 Bees dance.' }, { kind: 'mark', number: 1 }] },
    { support: 'plain', inlines: [{ kind: 'text', text: ' ' }] },
    { support: 'unsupported', inlines: [{ kind: 'text', text: 'They sing.' }] },
  ]);
});

test('marks that the model wrote are not doubled, and numbers without a citation stay text', () => {
  const sentence = { text: '', start: 0, end: 19, supported: true, citations: [1] };
  const [stretch] = stretchesOf('Bees dance [1] [7].', [sentence], new Set([1]));
  expect(stretch?.inlines).toEqual([
    { kind: 'text', text: 'Bees dance ' },
    { kind: 'mark', number: 1 },
    { kind: 'text', text: ' [7].' },
  ]);
});

test('a mark behind the full stop is the mark of the sentence before it', () => {
  const answer = 'Bees dance. [1] They sing.';
  const stretches = stretchesOf(
    answer,
    [
      { text: 'Bees dance.', start: 0, end: 11, supported: true, citations: [1] },
      { text: 'They sing.', start: 16, end: 26, supported: true, citations: [1] },
    ],
    new Set([1]),
  );
  const marks = stretches.flatMap(({ inlines }) => inlines.filter(({ kind }) => kind === 'mark'));
  expect(marks).toHaveLength(2);
});

test('hostile words stay words', () => {
  const hostile = '<img src=x onerror=alert(1)> [a](javascript:alert(1)) ![x](http://evil.example/x.png)';
  expect(inlinesOf(hostile, new Set())).toEqual([{ kind: 'text', text: hostile }]);
});
