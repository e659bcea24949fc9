/** How far a document has come, in words. */
export interface Staged {
  stage: string;
  progress: number;
}

const WORDS: Readonly<Record<string, string>> = {
  sealed: 'Waiting to be read',
  parsed: 'Read, being cut',
  chunked: 'Being understood',
  embedded: 'Understood, adding to search',
  indexed: 'Added to search, nearly there',
  active: 'Ready',
  failed: 'Could not be read',
  cancelled: 'Stopped',
};

export function stageInWords({ stage }: Staged): string {
  return WORDS[stage] ?? stage;
}

const FINAL: ReadonlySet<string> = new Set(['active', 'failed', 'cancelled']);

/** Whether its stage may still change by itself. */
export function isMoving({ stage }: Staged): boolean {
  return !FINAL.has(stage);
}

/** Whether it stopped short of being found, so that trying again makes sense. */
export function canBeginAgain({ stage }: Staged): boolean {
  return stage === 'failed' || stage === 'cancelled';
}
