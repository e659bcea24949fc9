/** Amounts, sizes, times and addresses in the reader's own notation. */

export interface CurrencyFormat {
  symbol: string;
  decimals: number;
}

const locale = (): string | undefined => globalThis.navigator.languages[0];

/**
 * An amount in the currency's smallest unit, written out: `2_500_000` with 6 decimals is "2.50 QUSD".
 * At least two decimals, and as many more as the amount needs to be exact.
 */
export function formatMoney(amount: number | bigint, currency: CurrencyFormat, language = locale()): string {
  return `${formatAmount(amount, currency.decimals, language)} ${currency.symbol}`;
}

export function formatAmount(amount: number | bigint, decimals: number, language = locale()): string {
  const unit = 10n ** BigInt(decimals);
  const whole = BigInt(amount);
  const negative = whole < 0n;
  const size = negative ? -whole : whole;
  const fraction = (size % unit).toString().padStart(decimals, '0').replace(/0+$/, '').padEnd(2, '0');
  const point = new Intl.NumberFormat(language).formatToParts(1.5).find((part) => part.type === 'decimal')?.value ?? '.';
  return `${negative ? '−' : ''}${new Intl.NumberFormat(language).format(size / unit)}${point}${fraction}`;
}

/**
 * What a person typed as an amount, in the smallest unit.
 * `null` when it is not a number, is negative, or has more decimals than the currency.
 */
export function parseMoney(text: string, decimals: number): number | null {
  const match = /^\s*(\d+)(?:[.,](\d+))?\s*$/.exec(text);
  if (match === null) return null;
  const fraction = match[2] ?? '';
  if (fraction.length > decimals) return null;
  const amount = Number(BigInt(match[1] ?? '0') * 10n ** BigInt(decimals) + BigInt(fraction.padEnd(decimals, '0') || '0'));
  return Number.isSafeInteger(amount) ? amount : null;
}

/** The amount as a person would type it into a field: no grouping, no trailing zeros. */
export function editableMoney(amount: number, decimals: number): string {
  const unit = 10n ** BigInt(decimals);
  const fraction = (BigInt(amount) % unit).toString().padStart(decimals, '0').replace(/0+$/, '');
  return `${BigInt(amount) / unit}${fraction === '' ? '' : `.${fraction}`}`;
}

export function formatBytes(bytes: number, language = locale()): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let index = 0;
  while (value >= 1000 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  const digits = index === 0 || value >= 100 ? 0 : 1;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)} ${units[index] ?? 'B'}`;
}

export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${new Intl.NumberFormat(locale()).format(count)} ${count === 1 ? one : many}`;
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** "3 minutes ago", "in 2 days"; "just now" within a minute. */
export function formatRelative(at: string, now: number = Date.now(), language = locale()): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) {
      return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.trunc(seconds / size), unit);
    }
  }
  return 'just now';
}

export function formatDateTime(at: string, language = locale()): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at));
}

/** "30 days", "1 hour": the length of a time license. */
export function formatDuration(seconds: number): string {
  for (const [unit, size] of [['day', 86_400], ['hour', 3_600], ['minute', 60]] as const) {
    if (seconds >= size) {
      const value = Math.round((seconds / size) * 10) / 10;
      return `${value} ${unit}${value === 1 ? '' : 's'}`;
    }
  }
  return `${seconds} second${seconds === 1 ? '' : 's'}`;
}

/** A run's or step's time, to the precision a person cares about. */
export function formatMilliseconds(ms: number): string {
  if (ms < 1) return '< 1 ms';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

/** `0x1234…cdef`: enough of an address or hash to recognise it. */
export function shortHex(hex: string): string {
  return hex.length <= 12 ? hex : `${hex.slice(0, 6)}…${hex.slice(-4)}`;
}
