/** Takes an answer apart into what is drawn: text, emphasis, code and citation marks. Never HTML, never an image. */
import { countCodePoints, sliceByCodePoints } from './text-offsets';

export interface AnswerSentence {
  text: string;
  /** Code point offsets into the answer. */
  start: number;
  end: number;
  supported: boolean;
  citations: readonly number[];
}

export type Words = { kind: 'text' | 'strong' | 'code'; text: string };
export type Inline = Words | { kind: 'mark'; number: number };

export interface Stretch {
  inlines: Inline[];
  /** `plain` is text between sentences, or text that nobody has checked yet. */
  support: 'supported' | 'unsupported' | 'plain';
}

const INLINE = /\*\*(?<strong>[^*\n]+)\*\*|`(?<code>[^`\n]+)`|\[(?<mark>\d{1,3})\]/g;

/** The inline pieces of a stretch; `[3]` is a mark only where a citation with that number exists. */
export function inlinesOf(text: string, numbers: ReadonlySet<number>): Inline[] {
  const inlines: Inline[] = [];
  let last = 0;
  const push = (until: number): void => {
    if (until > last) inlines.push({ kind: 'text', text: text.slice(last, until) });
  };
  for (const match of text.matchAll(INLINE)) {
    const { strong, code, mark } = match.groups ?? {};
    if (mark !== undefined && !numbers.has(Number(mark))) continue;
    push(match.index);
    if (strong !== undefined) inlines.push({ kind: 'strong', text: strong });
    if (code !== undefined) inlines.push({ kind: 'code', text: code });
    if (mark !== undefined) inlines.push({ kind: 'mark', number: Number(mark) });
    last = match.index + match[0].length;
  }
  push(text.length);
  return inlines;
}

/**
 * The answer from beginning to end. Each sentence ends with the marks of its citations,
 * unless the model wrote them itself.
 */
export function stretchesOf(
  answer: string,
  sentences: readonly AnswerSentence[],
  numbers: ReadonlySet<number>,
): Stretch[] {
  const stretches: Stretch[] = [];
  let at = 0;
  const between = (start: number, end: number): void => {
    const text = sliceByCodePoints(answer, start, end);
    if (text !== '') stretches.push({ inlines: inlinesOf(text, numbers), support: 'plain' });
  };
  const inOrder = [...sentences].sort((a, b) => a.start - b.start);
  const length = countCodePoints(answer);
  for (const [index, sentence] of inOrder.entries()) {
    if (sentence.start < at) continue;
    between(at, sentence.start);
    const inlines = inlinesOf(sliceByCodePoints(answer, sentence.start, sentence.end), numbers);
    // A model may write its mark before the full stop or behind it.
    const behind = sliceByCodePoints(answer, sentence.end, inOrder[index + 1]?.start ?? length);
    const written = new Set(
      [...inlines, ...inlinesOf(behind, numbers)].flatMap((inline) => (inline.kind === 'mark' ? [inline.number] : [])),
    );
    for (const number of sentence.citations) {
      if (!written.has(number) && numbers.has(number)) inlines.push({ kind: 'mark', number });
    }
    stretches.push({ inlines, support: sentence.supported ? 'supported' : 'unsupported' });
    at = sentence.end;
  }
  between(at, length);
  return stretches;
}
