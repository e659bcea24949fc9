/** Lets in who is signed in, and leads everybody else to the front door and back again. */
import { Center } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Navigate, Outlet, useLocation } from 'react-router';

import { sessionQuery } from '~/features/session/api/session';
import { CurrencyProvider } from '~/ui/currency';
import { ProblemNotice } from '~/ui/problem-notice';

import { FirstPaint } from '../page-states';
import { PersonProvider } from '../person';

export function SignedIn() {
  const session = useQuery(sessionQuery);
  const { pathname, search } = useLocation();
  if (session.isPending) return <FirstPaint />;
  if (session.data === undefined) {
    return (
      <Center mih="100dvh" p="lg">
        <ProblemNotice error={session.error} onRetry={() => void session.refetch()} />
      </Center>
    );
  }
  const { user } = session.data;
  if (user === null) {
    return <Navigate to={`/signin?next=${encodeURIComponent(pathname + search)}`} replace />;
  }
  return (
    <PersonProvider value={{ ...session.data, user }}>
      <CurrencyProvider value={session.data.chain.currency}>
        <Outlet />
      </CurrencyProvider>
    </PersonProvider>
  );
}
