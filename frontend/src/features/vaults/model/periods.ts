/** How often a page of the web is fetched again by itself, in words. */
import type { WebSource } from '~/api/types';

export type Period = WebSource['period'];

export const PERIODS: readonly { value: Period; label: string }[] = [
  { value: 'never', label: 'Never by itself' },
  { value: 'hourly', label: 'Every hour' },
  { value: 'daily', label: 'Every day' },
  { value: 'weekly', label: 'Every week' },
];

export function isPeriod(text: string): text is Period {
  return PERIODS.some(({ value }) => value === text);
}
