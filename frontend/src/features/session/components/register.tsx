import { Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';

import { ProblemNotice } from '~/ui/problem-notice';

import { useRegister } from '../api/session';
import { safeReturn } from '../model/after-sign-in';
import { FrontDoor } from './front-door';

export function Register() {
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const register = useRegister();

  return (
    <FrontDoor title="Create an account" lead="You get a wallet kept here for you: nothing to install, no chain to learn.">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          register.mutate(
            { name, email, password },
            { onSuccess: () => void navigate(safeReturn(search.get('next')), { replace: true }) },
          );
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
          {register.isError && <ProblemNotice error={register.error} />}
          <Button type="submit" size="md" loading={register.isPending}>
            Create account
          </Button>
        </Stack>
      </form>
      <Text fz="sm">
        Have an account?{' '}
        <Anchor component={Link} to={{ pathname: '/signin', search: search.toString() }} fz="sm" underline="always">
          Sign in
        </Anchor>
      </Text>
    </FrontDoor>
  );
}
