import { Button, Group, PasswordInput, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';

import type { User } from '~/api/types';
import { ProblemNotice } from '~/ui/problem-notice';

import { useChangeAccount } from '../api/session';

export function AccountForm({ user }: { user: User }) {
  const [name, setName] = useState(user.name);
  const [email, setEmail] = useState(user.email ?? '');
  const [password, setPassword] = useState('');
  const change = useChangeAccount();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(
          { name, ...(email !== '' && email !== user.email && { email }), ...(password !== '' && { password }) },
          {
            onSuccess: () => {
              setPassword('');
              notifications.show({ message: 'Your account is saved.' });
            },
          },
        );
      }}
    >
      <Stack maw={420}>
        <TextInput
          label="Name"
          description="Shown beside what you publish."
          required
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label="New password"
          description="Leave empty to keep the present one."
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {change.isError && <ProblemNotice error={change.error} />}
        <Group>
          <Button type="submit" loading={change.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
