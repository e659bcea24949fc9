/** Reads what a step handed on, which the server sends as JSON of several shapes. */

export interface ShownPassage {
  document: string;
  page: number | null;
  text: string;
  score: number;
}

/** The passages in a value; `null` when it holds none of that kind. */
export function asPassages(value: unknown): ShownPassage[] | null {
  const listed = typeof value === 'object' && value !== null && 'passages' in value ? value.passages : value;
  if (!Array.isArray(listed)) return null;
  return listed.map((item: unknown) => {
    const passage = (item ?? {}) as Partial<Record<keyof ShownPassage, unknown>>;
    return {
      document: typeof passage.document === 'string' ? passage.document : 'A document',
      page: typeof passage.page === 'number' ? passage.page : null,
      text: typeof passage.text === 'string' ? passage.text : '',
      score: typeof passage.score === 'number' ? passage.score : 0,
    };
  });
}

/** Any other value as words: the text of a text or an answer, or its JSON. */
export function asPlainText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string') return value.text;
  return JSON.stringify(value, null, 2);
}
