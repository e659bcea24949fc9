import { CHECK_KINDS, faultOf, inOneSentence, newCheck, standing } from './checks';

test('every kind of check begins as something that can be filled in, and is said in a sentence', () => {
  for (const { kind } of CHECK_KINDS) {
    const check = newCheck(kind);
    expect(check.kind).toBe(kind);
    expect(inOneSentence(check)).not.toBe('');
  }
  expect(CHECK_KINDS.filter(({ kind }) => faultOf(newCheck(kind)) !== null).map(({ kind }) => kind)).toEqual(['contains', 'means']);
});

test('a check says what it asks for', () => {
  expect(inOneSentence({ kind: 'contains', texts: ['1887', 'Voss'], which: 'any' })).toBe('Has one of “1887”, “Voss”');
  expect(inOneSentence({ kind: 'contains', texts: ['1887'], which: 'all' })).toBe('Has “1887”');
  expect(inOneSentence({ kind: 'cites', document: 'a.txt', quote: 'built in 1887' })).toBe('Cites “a.txt”: “built in 1887”');
});

test('how the tests stand is said in one sentence', () => {
  expect(standing({ lines: [], passed: 0, ran: 0 })).toBe('It has no tests yet.');
  expect(standing({ lines: [1, 2, 3], passed: 1, ran: 2 })).toBe('1 of 3 tests pass; 1 not run since it changed.');
  expect(standing({ lines: [1, 2], passed: 2, ran: 2 })).toBe('2 of 2 tests pass.');
});
