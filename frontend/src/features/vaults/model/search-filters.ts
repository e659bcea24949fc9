/** Which documents a search looks at, as people choose it and as the server wants it. */
import type { SearchFilters } from '~/api/types';

export interface Choice<Document extends { id: string } = { id: string }> {
  tags: readonly string[];
  types: readonly string[];
  documents: readonly Document[];
  /** Days as a date field has them, `2026-11-22`, or empty; both days are meant to be included. */
  from: string;
  until: string;
}

export const EVERYTHING: Choice<never> = { tags: [], types: [], documents: [], from: '', until: '' };

/** How many of the ways to narrow a search are used. */
export function countFilters({ tags, types, documents, from, until }: Choice): number {
  return [tags.length > 0, types.length > 0, documents.length > 0, from !== '', until !== ''].filter(Boolean).length;
}

/** Days become moments where the reader is: from the first moment of one to the last of the other. */
export function asFilters({ tags, types, documents, from, until }: Choice): SearchFilters {
  return {
    tags: [...tags],
    types: [...types],
    documents: documents.map(({ id }) => id),
    added_after: startOf(from, 0),
    added_before: startOf(until, 1),
  };
}

function startOf(day: string, daysLater: number): string | null {
  const [year, month, date] = day.split('-').map(Number);
  if (year === undefined || month === undefined || date === undefined) return null;
  return new Date(year, month - 1, date + daysLater).toISOString();
}
