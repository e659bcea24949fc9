import { useQuery } from '@tanstack/react-query';

import { sessionQuery } from '~/features/session/api/session';
import { Register } from '~/features/session/components/register';
import { SignIn } from '~/features/session/components/sign-in';
import { Welcome } from '~/features/session/components/welcome';

export function WelcomePage() {
  return <Welcome />;
}

export function SignInPage() {
  const session = useQuery(sessionQuery);
  return <SignIn setupNeeded={session.data?.setup_needed ?? false} />;
}

export function RegisterPage() {
  return <Register />;
}
