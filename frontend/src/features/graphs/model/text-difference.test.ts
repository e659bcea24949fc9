import { textDifference, type Piece } from './text-difference';

const side = (pieces: readonly Piece[], without: Piece['change']): string =>
  pieces
    .filter(({ change }) => change !== without)
    .map(({ text }) => text)
    .join('');

test('what is the same, gone and new adds up to both texts', () => {
  const [before, after] = ['Answer in one short sentence, politely.', 'Answer in two short sentences, very politely.'];
  const pieces = textDifference(before, after);
  expect(side(pieces, 'added')).toBe(before);
  expect(side(pieces, 'removed')).toBe(after);
  expect(pieces.filter(({ change }) => change === 'same').map(({ text }) => text)).toContain('Answer in ');
});

test('texts without spaces are compared character by character', () => {
  expect(textDifference('桥建于1887年', '桥建成于1887年')).toEqual([
    { text: '桥建', change: 'same' },
    { text: '成', change: 'added' },
    { text: '于1887年', change: 'same' },
  ]);
});

test('equal texts have no difference, and nothing becomes something', () => {
  expect(textDifference('the same', 'the same')).toEqual([{ text: 'the same', change: 'same' }]);
  expect(textDifference('', 'new')).toEqual([{ text: 'new', change: 'added' }]);
});

test('texts too long to compare are shown one after the other', () => {
  const [before, after] = ['a '.repeat(3000), 'b '.repeat(3000)];
  expect(textDifference(before, after).map(({ change }) => change)).toEqual(['removed', 'added']);
});
