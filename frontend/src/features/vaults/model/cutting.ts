/** What a cut of a document looks like: how much each chunk repeats of the one before, and what they come to. */
import type { Chunk, Chunking } from '~/api/types';

/** How many characters at its beginning each chunk repeats from the end of the one before. */
export function repeatedIn(chunks: readonly Pick<Chunk, 'start' | 'end'>[]): number[] {
  return chunks.map(({ start, end }, index) => {
    const before = chunks[index - 1];
    return before === undefined ? 0 : Math.max(0, Math.min(before.end, end) - start);
  });
}

/** The mean length in characters; 0 of none. */
export function meanLength(chunks: readonly Pick<Chunk, 'start' | 'end'>[]): number {
  if (chunks.length === 0) return 0;
  return Math.round(chunks.reduce((sum, { start, end }) => sum + end - start, 0) / chunks.length);
}

export function isSameCut(one: Chunking, other: Chunking): boolean {
  return (
    one.characters === other.characters &&
    one.overlap === other.overlap &&
    one.parent_characters === other.parent_characters
  );
}

export function isWithin(chunking: Chunking, least: Chunking, most: Chunking): boolean {
  return (['characters', 'overlap', 'parent_characters'] as const).every(
    (size) => chunking[size] >= least[size] && chunking[size] <= most[size],
  );
}

/** About how many words that is, in a language that puts spaces between them; two digits are honest enough. */
export function aboutWords(characters: number): number {
  return Number((characters / 6).toPrecision(2));
}
