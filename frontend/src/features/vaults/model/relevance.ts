/** Why a search found something or nothing, in words that need no knowledge of search. */
import type { LeftOut, Passage, Ranks, Relevance } from '~/api/types';

/** What decided, a sentence each. */
export function whatDecided({ likeness, coverage, together, lead, words_count: words, same_language: same }: Relevance): string[] {
  const told = [
    `In meaning, the nearest passage reaches ${percent(likeness)}: 0 % is as near as any unrelated text, 100 % would be the very words.`,
  ];
  if (!same) told.push('That passage is in another language than the question, so less nearness was asked of it.');
  told.push(`Of the question’s words, weighted by how much they tell, this vault knows ${percent(coverage)}.`);
  if (words) {
    told.push(
      `At most ${percent(together)} of them stand near each other in one of the best passages.`,
      `How far the best passage stands out from those after it: ${percent(lead)}.`,
    );
  } else {
    told.push('That is too little to go by, so only meaning decided.');
  }
  return told;
}

/** How clear the decision was; the margin is of log-odds, so at 1.5 the odds are more than four to one. */
export function howClear({ margin }: Relevance): string {
  const distance = Math.abs(margin);
  if (distance < 0.5) return 'It was a close call.';
  return distance < 1.5 ? 'It was fairly clear.' : 'It was clear.';
}

const REASONS = {
  copy: 'says the same in the same words as',
  joined: 'follows or precedes, and was joined with,',
  below_limit: 'Others were better.',
} as const satisfies Record<LeftOut['why'], string>;

/** Why a place that was found is no passage of its own. */
export function whyLeftOut({ why, into }: Pick<LeftOut, 'why' | 'into'>, passages: readonly Pick<Passage, 'passage_id'>[]): string {
  if (why === 'below_limit') return REASONS.below_limit;
  const number = passages.findIndex(({ passage_id: id }) => id === into) + 1;
  return `It ${REASONS[why]} ${number === 0 ? 'another passage' : `passage ${number}`}.`;
}

export const STAGES = [
  { stage: 'keyword', label: 'By words', help: 'among passages that share words with the question' },
  { stage: 'vector', label: 'By meaning', help: 'among passages that are near the question in meaning' },
  { stage: 'fused', label: 'Both joined', help: 'after both lists were joined' },
  { stage: 'rerank', label: 'Read again', help: 'after the best were read once more, beside the question' },
] as const satisfies readonly { stage: keyof Ranks; label: string; help: string }[];

/** A place in a list, or what it means that there is none. */
export function rankInWords(rank: number | null, stage: keyof Ranks): string {
  if (rank !== null) return `place ${rank}`;
  return stage === 'rerank' ? 'not read again' : 'not among the best';
}

function percent(share: number): string {
  return `${Math.round(100 * Math.min(1, Math.max(0, share)))} %`;
}
