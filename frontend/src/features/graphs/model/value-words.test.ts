import { inWords } from './value-words';

const NAMES = { vaultNames: new Map([['v1', 'Handbook']]) };

test('values of settings are said in words', () => {
  expect(inWords(true, NAMES)).toBe('yes');
  expect(inWords(['v1', 'v2'], NAMES)).toBe('Handbook, v2');
  expect(inWords(null, NAMES)).toBe('');
  expect(inWords(0.5, NAMES)).toBe('0.5');
});

test('rows are said one to a line, without the ids that nobody chose', () => {
  const rows = [{ id: 'row-1', name: 'Price', condition: '' }, { id: 'row-2', name: 'Other', condition: 'size(text) > 3' }];
  expect(inWords(rows, NAMES)).toBe('name: Price\nname: Other · condition: size(text) > 3');
});
