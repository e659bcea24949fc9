import { addressOf, asQuery, isNarrowed, listingOf } from './listing';

test('what is looked for stays in the address', () => {
  const listing = { name: 'q1 & q2', tags: ['draft', 'ä, ö'], types: ['text/plain'], state: 'moving', page: 3 } as const;
  expect(listingOf(new URLSearchParams(addressOf(listing).toString()))).toEqual(listing);
  const all = listingOf(new URLSearchParams());
  expect(addressOf(all).toString()).toBe('');
  expect([isNarrowed(all), isNarrowed(listing)]).toEqual([false, true]);
});

test('an address that somebody mistyped lists from the beginning', () => {
  const listing = listingOf(new URLSearchParams('state=lost&page=-4'));
  expect([listing.state, listing.page]).toEqual([null, 1]);
  expect(listingOf(new URLSearchParams('page=2.5')).page).toBe(1);
});

test('a state stands for all the stages that people see as one', () => {
  const { stages, offset } = asQuery(listingOf(new URLSearchParams('state=moving&page=2')));
  expect(stages).toContain('chunked');
  expect(stages).not.toContain('active');
  expect(offset).toBe(50);
});
