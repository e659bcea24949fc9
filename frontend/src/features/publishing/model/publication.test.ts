import { faultsOf, publicationOf, slugOf, sumOfShares, withContributor, type PublicationDraft } from './publication';

const WALLET = `0x${'a1'.repeat(20)}`;
const aDraft = (change: Partial<PublicationDraft> = {}): PublicationDraft => ({
  slug: 'bees',
  notes: '',
  perAnswer: 10_000,
  forTime: null,
  shares: [{ address: WALLET, percent: 100, role: 'author' }],
  ...change,
});

test('shares must come to everything, to the hundredth of a percent', () => {
  const thirds = [33.33, 33.33, 33.34].map((percent) => ({ address: WALLET, percent, role: 'data' as const }));
  expect(faultsOf(aDraft({ shares: thirds }))).toEqual([]);
  expect(publicationOf(aDraft({ shares: thirds })).shares.map(({ share_bps }) => share_bps)).toEqual([3333, 3333, 3334]);
  expect(faultsOf(aDraft({ shares: thirds.slice(1) }))).toEqual(['The shares leave 33.33 % to nobody.']);
});

test('one more contributor leaves the sum at everything', () => {
  let shares = [...aDraft().shares];
  for (let count = 0; count < 5; count += 1) {
    shares = withContributor(shares);
    expect(sumOfShares(shares)).toBe(10_000);
  }
  expect(shares.every(({ percent }) => percent > 0)).toBe(true);
});

test('without a way to pay, a right address and a wallet, nothing is published', () => {
  expect(faultsOf(aDraft({ perAnswer: null }))).toHaveLength(1);
  expect(faultsOf(aDraft({ slug: 'Not a slug' }))).toHaveLength(1);
  expect(faultsOf(aDraft({ shares: [{ address: '0x12', percent: 100, role: 'author' }] }))).toHaveLength(1);
});

test('both ways to pay become terms', () => {
  expect(publicationOf(aDraft({ forTime: { price: 5_000_000, days: 30 } })).terms).toEqual([
    { kind: 'metered', price: 10_000 },
    { kind: 'time', price: 5_000_000, duration_s: 2_592_000 },
  ]);
});

test('a name becomes an address', () => {
  expect(slugOf('Café  Handbook, 2nd!')).toBe('cafe-handbook-2nd');
  expect(slugOf('手册')).toBe('');
});
