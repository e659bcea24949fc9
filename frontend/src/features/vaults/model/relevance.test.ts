import { howClear, rankInWords, whatDecided, whyLeftOut } from './relevance';

const relevance = {
  found: false,
  reason: '',
  margin: -0.2,
  likeness: 0.123,
  coverage: 0.5,
  together: 0.4,
  lead: 0.1,
  words_count: true,
  same_language: true,
};

test('what decided is told in words and shares', () => {
  const told = whatDecided(relevance).join(' ');
  expect(told).toContain('12 %');
  expect(told).toContain('knows 50 %');
  expect(told).not.toContain('another language');
});

test('where words did not count, it says that only meaning decided', () => {
  const told = whatDecided({ ...relevance, words_count: false, same_language: false, likeness: -0.3 }).join(' ');
  expect(told).toContain('only meaning decided');
  expect(told).toContain('another language');
  expect(told).toContain('reaches 0 %');
});

test('a decision near the line is called close', () => {
  expect(howClear({ ...relevance, margin: -0.4 })).toBe('It was a close call.');
  expect(howClear({ ...relevance, margin: 2 })).toBe('It was clear.');
});

test('what was left out says in favour of which passage', () => {
  const passages = [{ passage_id: 'a' }, { passage_id: 'b' }];
  expect(whyLeftOut({ why: 'copy', into: 'b' }, passages)).toBe('It says the same in the same words as passage 2.');
  expect(whyLeftOut({ why: 'joined', into: 'gone' }, passages)).toContain('another passage');
  expect(whyLeftOut({ why: 'below_limit', into: null }, passages)).toBe('Others were better.');
});

test('no place in a list is told apart from not having been read again', () => {
  expect(rankInWords(3, 'keyword')).toBe('place 3');
  expect(rankInWords(null, 'vector')).toBe('not among the best');
  expect(rankInWords(null, 'rerank')).toBe('not read again');
});
