/** The first user's way in: the one-time link signs in, then name, e-mail and password make it lasting. */
import { Button, Loader, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';

import { ProblemNotice } from '~/ui/problem-notice';

import { useChangeAccount, useClaim } from '../api/session';
import { FrontDoor } from './front-door';

export function Welcome() {
  const { hash } = useLocation();
  const navigate = useNavigate();
  // The token stays in the fragment, which browsers do not send to servers, and is used once.
  const token = useRef(new URLSearchParams(hash.slice(1)).get('token'));
  const claimed = useRef(false);
  const claim = useClaim();
  const change = useChangeAccount();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const { mutate } = claim;

  useEffect(() => {
    if (token.current === null || claimed.current) return;
    claimed.current = true;
    globalThis.history.replaceState(globalThis.history.state, '', '/welcome');
    mutate(token.current);
  }, [mutate]);

  if (claim.isError || (claim.isIdle && hash === '')) {
    return (
      <FrontDoor title="This link does not work" lead="It opens once. The server prints a new one each time it starts, until the first user is set up.">
        <ProblemNotice error={claim.error ?? new Error('The address holds no token. Copy the whole link from the server’s output.')} />
        <Button component={Link} to="/signin" variant="default">
          Go to sign in
        </Button>
      </FrontDoor>
    );
  }
  if (!claim.isSuccess) {
    return (
      <FrontDoor title="Welcome" lead="Opening your account…">
        <Loader aria-label="Opening your account" />
      </FrontDoor>
    );
  }
  return (
    <FrontDoor title="Welcome to Qanat" lead="You are signed in as the first user of this server. Choose how you sign in next time.">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate({ name, email, password }, { onSuccess: () => void navigate('/', { replace: true }) });
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="Shown beside what you publish."
            autoComplete="name"
            required
            maxLength={120}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            required
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            autoComplete="new-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {change.isError && <ProblemNotice error={change.error} />}
          <Button type="submit" size="md" loading={change.isPending}>
            Start
          </Button>
        </Stack>
      </form>
    </FrontDoor>
  );
}
