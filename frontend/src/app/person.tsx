/** Who is signed in and what this server runs on, for the pages behind the front door. */
import { createContext, use } from 'react';

import type { Session, User } from '~/api/types';

export type PersonSession = Session & { user: User };

const PersonContext = createContext<PersonSession | null>(null);

export const PersonProvider = PersonContext.Provider;

export function usePerson(): PersonSession {
  const session = use(PersonContext);
  if (session === null) throw new Error('usePerson is for pages behind signing in');
  return session;
}

/** Whether the server signs with a wallet it keeps, or the person does with one of their own. */
export function useWalletKind(): 'managed' | 'external' {
  return usePerson().user.wallet === 'managed' ? 'managed' : 'external';
}
