import { answersLeft, dueNow, suggestedDeposit, termsInWords } from './terms';

const QUSD = { symbol: 'QUSD', decimals: 6 };
const METERED = { kind: 'metered', price: 0, duration_s: null, max_call_price: 10_000 };
const TIMED = { kind: 'time', price: 5_000_000, duration_s: 2_592_000, max_call_price: 0 };

test('terms are told as a person would say them', () => {
  expect(termsInWords(METERED, QUSD)).toBe('0.01 QUSD per answer');
  expect(termsInWords(TIMED, QUSD)).toBe('5.00 QUSD for 30 days');
});

test('a budget is paid with the purchase, a time license by its price', () => {
  expect(dueNow(METERED, suggestedDeposit(METERED))).toBe(1_000_000);
  expect(dueNow(TIMED, 0)).toBe(5_000_000);
  expect(answersLeft(25_000, METERED)).toBe(2);
});
