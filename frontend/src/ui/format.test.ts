import { editableMoney, formatBytes, formatDuration, formatMoney, formatRelative, parseMoney } from './format';

const QUSD = { symbol: 'QUSD', decimals: 6 };

test('an amount is written exactly, with at least two decimals', () => {
  expect(formatMoney(2_500_000, QUSD, 'en')).toBe('2.50 QUSD');
  expect(formatMoney(1, QUSD, 'en')).toBe('0.000001 QUSD');
  expect(formatMoney(0, QUSD, 'en')).toBe('0.00 QUSD');
  expect(formatMoney(1_234_567_000_000, QUSD, 'de')).toBe('1.234.567,00 QUSD');
  expect(formatMoney(9_007_199_254_740_993n, QUSD, 'en')).toBe('9,007,199,254.740993 QUSD');
});

test('what is typed and what is shown are the same amount', () => {
  for (const amount of [0, 1, 999_999, 1_000_000, 10_010_000, 123_456_789_012]) {
    expect(parseMoney(editableMoney(amount, 6), 6)).toBe(amount);
  }
});

test('an amount that the currency cannot hold is none', () => {
  expect(parseMoney('1,5', 6)).toBe(1_500_000);
  for (const text of ['', '-1', '1.2345678', 'ten', '1e3', '99999999999999']) expect(parseMoney(text, 6)).toBeNull();
});

test('sizes and times are told in units that people use', () => {
  expect(formatBytes(999, 'en')).toBe('999 B');
  expect(formatBytes(1_250_000, 'en')).toBe('1.3 MB');
  expect(formatDuration(30 * 86_400)).toBe('30 days');
  expect(formatDuration(3_600)).toBe('1 hour');
  const now = Date.parse('2026-01-10T12:00:00Z');
  expect(formatRelative('2026-01-10T11:57:00Z', now, 'en')).toBe('3 minutes ago');
  expect(formatRelative('2026-01-12T12:00:00Z', now, 'en')).toBe('in 2 days');
  expect(formatRelative('2026-01-10T11:59:40Z', now, 'en')).toBe('just now');
});
