/** Which of a vault's documents are listed. It lives in the page's address, so that coming back finds the same list. */
import type { Stage } from '~/api/types';

export const STATES = {
  ready: { label: 'Ready', stages: ['active'] },
  moving: { label: 'On the way', stages: ['sealed', 'parsed', 'chunked', 'embedded', 'indexed'] },
  failed: { label: 'Could not be read', stages: ['failed'] },
  stopped: { label: 'Stopped', stages: ['cancelled'] },
} as const satisfies Record<string, { label: string; stages: readonly Stage[] }>;

export type State = keyof typeof STATES;

export interface Listing {
  name: string;
  tags: readonly string[];
  types: readonly string[];
  state: State | null;
  /** From 1. */
  page: number;
}

export const PAGE_SIZE = 50;

export function isState(text: string | null): text is State {
  return text !== null && text in STATES;
}

export function listingOf(address: URLSearchParams): Listing {
  const state = address.get('state');
  const page = Number(address.get('page'));
  return {
    name: address.get('name') ?? '',
    tags: address.getAll('tag'),
    types: address.getAll('type'),
    state: isState(state) ? state : null,
    page: Number.isInteger(page) && page > 1 ? page : 1,
  };
}

export function addressOf({ name, tags, types, state, page }: Listing): URLSearchParams {
  const address = new URLSearchParams();
  if (name !== '') address.set('name', name);
  for (const tag of tags) address.append('tag', tag);
  for (const type of types) address.append('type', type);
  if (state !== null) address.set('state', state);
  if (page > 1) address.set('page', String(page));
  return address;
}

/** Whether anything is left out of the list. */
export function isNarrowed({ name, tags, types, state }: Listing): boolean {
  return name !== '' || tags.length > 0 || types.length > 0 || state !== null;
}

/** The same as the server asks for it. */
export function asQuery({ name, tags, types, state, page }: Listing) {
  return {
    name,
    tags: [...tags],
    types: [...types],
    stages: state === null ? [] : [...STATES[state].stages],
    offset: (page - 1) * PAGE_SIZE,
    limit: PAGE_SIZE,
  };
}
