import { aboutWords, isSameCut, isWithin, meanLength, repeatedIn } from './cutting';

const chunks = [
  { start: 0, end: 100 },
  { start: 88, end: 200 },
  { start: 210, end: 260 },
];

test('a chunk repeats what lies before the end of the one before it', () => {
  expect(repeatedIn(chunks)).toEqual([0, 12, 0]);
  expect(repeatedIn([{ start: 0, end: 50 }, { start: 10, end: 20 }])).toEqual([0, 10]);
});

test('the mean length of no chunks is nothing, not an error', () => {
  expect(meanLength(chunks)).toBe(87);
  expect(meanLength([])).toBe(0);
});

test('sizes are told apart, and those that the server would refuse are known', () => {
  const sizes = { characters: 1600, overlap: 0.12, parent_characters: 4800 };
  expect(isSameCut(sizes, { ...sizes })).toBe(true);
  expect(isSameCut(sizes, { ...sizes, overlap: 0.1 })).toBe(false);
  const least = { characters: 200, overlap: 0, parent_characters: 200 };
  const most = { characters: 4000, overlap: 0.4, parent_characters: 20_000 };
  expect(isWithin(sizes, least, most)).toBe(true);
  expect(isWithin({ ...sizes, characters: 199 }, least, most)).toBe(false);
});

test('words are told roughly', () => {
  expect(aboutWords(1600)).toBe(270);
});
