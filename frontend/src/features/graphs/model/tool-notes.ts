/** What a step's detail says about the world outside: what it asked there, and each use of a tool, in words. */

interface Use {
  tool: string;
  arguments?: Record<string, unknown>;
  outcome: 'done' | 'failed' | 'not allowed';
}

const ENDED: Readonly<Record<string, string>> = {
  'the same again': 'It was about to ask for the very same again, so it answered.',
  'most uses reached': 'It had used its tools as often as it may, so it answered.',
};

export function toolNotesOn(detail: unknown): string[] {
  if (typeof detail !== 'object' || detail === null) return [];
  const { request, status, uses, ended, server, tool } = detail as Record<string, unknown>;
  const notes: string[] = [];
  if (typeof request === 'object' && request !== null) {
    const { method, address } = request as Record<string, unknown>;
    notes.push(`Asked ${String(method)} ${String(address)}${typeof status === 'number' ? `: status ${status}` : ''}.`);
  }
  if (typeof server === 'string' && typeof tool === 'string') notes.push(`Used “${tool}” of the server “${server}”.`);
  if (Array.isArray(uses)) notes.push(...(uses as Use[]).map(inWords));
  if (typeof ended === 'string' && ENDED[ended] !== undefined) notes.push(ENDED[ended]);
  return notes;
}

function inWords({ tool, arguments: filled, outcome }: Use, index: number): string {
  const said = Object.entries(filled ?? {}).map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const end = { done: 'done', failed: 'it failed', 'not allowed': 'a person did not allow it' }[outcome];
  return `${index + 1}. Used “${tool}”${said.length === 0 ? '' : ` (${said.join('; ')})`}: ${end}.`;
}
