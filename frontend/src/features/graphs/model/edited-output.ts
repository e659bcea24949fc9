/** What a step handed on, as a form that a person can change, and back as the server writes it. */
import { asPassages, asPlainText, type ShownPassage } from './step-output';

export type Editable =
  | { sort: 'text' | 'answer'; text: string }
  | { sort: 'values'; text: string }
  | { sort: 'passages'; shown: readonly ShownPassage[]; items: readonly unknown[]; kept: readonly boolean[] };

interface Written {
  type?: unknown;
  values?: unknown;
  passages?: unknown;
}

export function editableOf(value: unknown): Editable {
  const written = (value ?? {}) as Written;
  if (written.type === 'passages' && Array.isArray(written.passages)) {
    const shown = asPassages(value) ?? [];
    return { sort: 'passages', shown, items: written.passages, kept: shown.map(() => true) };
  }
  if (written.type === 'values') return { sort: 'values', text: JSON.stringify(written.values, null, 2) };
  return { sort: written.type === 'answer' ? 'answer' : 'text', text: asPlainText(value) };
}

/** As the server writes it. Throws SyntaxError where named values are no JSON. */
export function writtenOf(editable: Editable): Record<string, unknown> {
  switch (editable.sort) {
    case 'passages':
      return { type: 'passages', passages: editable.items.filter((_, index) => editable.kept[index]) };
    case 'values':
      return { type: 'values', values: JSON.parse(editable.text) as unknown };
    default:
      return { type: editable.sort, text: editable.text };
  }
}
