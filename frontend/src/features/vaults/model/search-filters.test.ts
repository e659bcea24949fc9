import { asFilters, countFilters, EVERYTHING } from './search-filters';

test('days that are chosen are searched as a whole', () => {
  const { added_after: after, added_before: before } = asFilters({ ...EVERYTHING, from: '2026-02-28', until: '2026-02-28' });
  expect(new Date(before ?? 0).getTime() - new Date(after ?? 0).getTime()).toBe(24 * 3600 * 1000);
  expect(new Date(after ?? 0).getDate()).toBe(28);
});

test('what is not chosen leaves nothing out', () => {
  expect(asFilters(EVERYTHING)).toEqual({ tags: [], types: [], documents: [], added_after: null, added_before: null });
  expect(countFilters(EVERYTHING)).toBe(0);
  expect(countFilters({ ...EVERYTHING, tags: ['a', 'b'], until: '2026-01-01' })).toBe(2);
});
