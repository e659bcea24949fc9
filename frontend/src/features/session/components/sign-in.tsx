import { Anchor, Button, Divider, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { IconWallet } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';

import { ProblemNotice } from '~/ui/problem-notice';

import { findBrowserWallet, useSignIn, useWalletSignIn } from '../api/session';
import { safeReturn } from '../model/after-sign-in';
import { FrontDoor } from './front-door';

export function SignIn({ setupNeeded }: { setupNeeded: boolean }) {
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useSignIn();
  const wallet = findBrowserWallet();
  const walletSignIn = useWalletSignIn();
  const enter = { onSuccess: () => void navigate(safeReturn(search.get('next')), { replace: true }) };
  const error = signIn.error ?? walletSignIn.error;

  return (
    <FrontDoor
      title="Sign in"
      lead={
        setupNeeded
          ? 'This server is new. Open the one-time link that it printed when it started to become its first user.'
          : 'Welcome back.'
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          walletSignIn.reset();
          signIn.mutate({ email, password }, enter);
        }}
      >
        <Stack>
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
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {error !== null && <ProblemNotice error={error} />}
          <Button type="submit" size="md" loading={signIn.isPending}>
            Sign in
          </Button>
        </Stack>
      </form>
      <Divider label="or" />
      <Stack gap={6}>
        <Button
          variant="default"
          size="md"
          leftSection={<IconWallet size={18} />}
          disabled={wallet === null}
          loading={walletSignIn.isPending}
          onClick={() => {
            signIn.reset();
            if (wallet !== null) walletSignIn.mutate(wallet, enter);
          }}
        >
          Sign in with a wallet
        </Button>
        {wallet === null && (
          <Text fz="xs" c="dimmed">
            No wallet extension found in this browser. With e-mail and password you get a wallet kept here for you.
          </Text>
        )}
      </Stack>
      <Text fz="sm">
        New here?{' '}
        <Anchor component={Link} to={{ pathname: '/register', search: search.toString() }} fz="sm" underline="always">
          Create an account
        </Anchor>
      </Text>
    </FrontDoor>
  );
}
