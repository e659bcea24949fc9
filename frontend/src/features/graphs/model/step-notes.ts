/** What a step's detail says about its model and its passages, in words. */

interface Call {
  model: string;
  tokens: { prompt?: number; written?: number; reused?: number; window?: number; cut_short?: boolean };
}

export function notesOn(detail: unknown): string[] {
  if (typeof detail !== 'object' || detail === null) return [];
  const { models, left_out: leftOut, not_weighed: notWeighed, passages_weighed: weighed } = detail as Record<string, unknown>;
  const notes = asList<Call>(models).map(inWords);
  const missing = asList<{ document: string; page: number | null }>(leftOut);
  if (missing.length > 0) {
    const names = missing.map(({ document, page }) => `${document}${page === null ? '' : `, page ${page}`}`);
    notes.push(`The model had no room for ${missing.length === 1 ? '1 passage' : `${missing.length} passages`}: ${names.join('; ')}.`);
  }
  const beyond = asList<string>(notWeighed);
  if (beyond.length > 0) notes.push(`The best ${Number(weighed)} passages were weighed; not ${beyond.join('; ')}.`);
  return notes;
}

function inWords({ model, tokens }: Call): string {
  const { prompt = 0, written, reused = 0, window = 0, cut_short: cutShort = false } = tokens;
  const read = `${model} read ${prompt} of the ${window} tokens that it can${reused > 0 ? `, ${reused} of them known from before` : ''}`;
  if (written === undefined) return `${read}, and was stopped.`;
  return `${read}, and wrote ${written}${cutShort ? ': all that it was allowed, so it may have broken off' : ''}.`;
}

function asList<T>(value: unknown): T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}
