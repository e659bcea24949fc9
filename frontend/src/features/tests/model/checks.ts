/** The checks that a right answer passes: their names, how each begins, and what it says in one sentence. */
import type { Check, TestReport } from '~/api/types';

export type CheckKind = NonNullable<Check['kind']>;

export const CHECK_KINDS: readonly { kind: CheckKind; label: string }[] = [
  { kind: 'contains', label: 'Has these words' },
  { kind: 'means', label: 'Says about the same as' },
  { kind: 'cites', label: 'Cites a document' },
  { kind: 'json', label: 'Is JSON of a form' },
  { kind: 'declines', label: 'Says that it does not know' },
];

/** A check of this kind that nobody has filled in yet. */
export function newCheck(kind: CheckKind): Check {
  switch (kind) {
    case 'contains':
      return { kind, texts: [], which: 'all' };
    case 'means':
      return { kind, text: '', likeness: 0.6 };
    case 'cites':
      return { kind, document: '', quote: '' };
    case 'json':
      return { kind, form: '{"type": "object", "properties": {"answer": {"type": "string"}}}' };
    case 'declines':
      return { kind };
  }
}

/** What a check asks for, in one sentence. */
export function inOneSentence(check: Check): string {
  switch (check.kind) {
    case 'contains':
      return `Has ${check.texts.length < 2 ? '' : check.which === 'any' ? 'one of' : 'all of'} ${check.texts.map((text) => `“${text}”`).join(', ')}`.replace(/ +/g, ' ');
    case 'means':
      return `Says about the same as “${check.text}”`;
    case 'cites': {
      const document = check.document === '' ? 'a document' : `“${check.document}”`;
      return check.quote === '' ? `Cites ${document}` : `Cites ${document}: “${check.quote}”`;
    }
    case 'json':
      return 'Is JSON of a form';
    case 'declines':
      return 'Says that it does not know';
    default:
      return 'A check that this page does not know yet';
  }
}

/** Why a check cannot be used as it is filled in; `null` where it can. */
export function faultOf(check: Check): string | null {
  if (check.kind === 'contains' && check.texts.every((text) => text.trim() === '')) return 'Write the words that a right answer has.';
  if (check.kind === 'means' && check.text.trim() === '') return 'Write what a right answer says.';
  return null;
}

/** How the tests stand, in one sentence. */
export function standing({ lines, passed, ran }: Pick<TestReport, 'passed' | 'ran'> & { lines: readonly unknown[] }): string {
  if (lines.length === 0) return 'It has no tests yet.';
  if (ran === 0) return lines.length === 1 ? 'Its one test was not run since it changed.' : `None of its ${lines.length} tests was run since it changed.`;
  const missing = lines.length - ran;
  return `${passed} of ${lines.length} tests pass${missing > 0 ? `; ${missing} not run since it changed` : ''}.`;
}
