/** How far a document has come, in words. */
export interface Staged {
  stage: string;
  progress: number;
}

const WORDS: Readonly<Record<string, string>> = {
  received: 'Waiting to be read',
  parsed: 'Read, finding its place',
  embedded: 'Understood, adding to search',
  active: 'Ready',
  failed: 'Could not be read',
};

export function stageInWords({ stage }: Staged): string {
  return WORDS[stage] ?? stage;
}

/** Whether its stage may still change by itself. */
export function isMoving({ stage }: Staged): boolean {
  return stage !== 'active' && stage !== 'failed';
}

export const READABLE_KINDS = '.pdf,.docx,.html,.htm,.md,.markdown,.txt,.csv';
