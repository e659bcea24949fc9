/** What a locked vault shows in place of its documents: why it is closed, and how its owner opens it. */
import { Button, NumberInput, Paper, PasswordInput, SegmentedControl, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useState } from 'react';

import { ProblemNotice } from '~/ui/problem-notice';

import { useUnlock } from '../api/keys';

export function UnlockVault({ vaultId }: { vaultId: string }) {
  const [by, setBy] = useState<'passphrase' | 'recovery_code'>('passphrase');
  const [secret, setSecret] = useState('');
  const [hours, setHours] = useState(8);
  const unlock = useUnlock(vaultId);
  return (
    <Paper p="xl" maw={480} mx="auto">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          unlock.mutate({ [by]: secret, hours }, { onSettled: () => setSecret('') });
        }}
      >
        <Stack>
          <IconLock size={28} stroke={1.5} aria-hidden />
          <Title order={2} fz="lg">
            This vault is locked
          </Title>
          <Text fz="sm" c="dimmed">
            Its owner holds the key. Until it is unlocked nobody can read it, agents cannot use it, and new files wait.
          </Text>
          <SegmentedControl
            aria-label="Unlock with"
            value={by}
            onChange={(chosen) => setBy(chosen === 'recovery_code' ? 'recovery_code' : 'passphrase')}
            data={[
              { value: 'passphrase', label: 'Passphrase' },
              { value: 'recovery_code', label: 'Recovery code' },
            ]}
          />
          {by === 'passphrase' ? (
            <PasswordInput
              label="Passphrase"
              autoComplete="off"
              required
              value={secret}
              onChange={(event) => setSecret(event.currentTarget.value)}
            />
          ) : (
            <TextInput
              label="Recovery code"
              description="The one shown when the passphrase was chosen."
              autoComplete="off"
              required
              value={secret}
              onChange={(event) => setSecret(event.currentTarget.value)}
            />
          )}
          <HoursInput value={hours} onChange={setHours} />
          {unlock.isError && <ProblemNotice error={unlock.error} />}
          <Button type="submit" loading={unlock.isPending}>
            Unlock
          </Button>
        </Stack>
      </form>
    </Paper>
  );
}

/** For how long a vault stays open; it locks itself afterwards. */
export function HoursInput({ value, onChange }: { value: number; onChange: (hours: number) => void }) {
  return (
    <NumberInput
      label="Stays open for"
      suffix=" hours"
      min={1}
      max={24}
      clampBehavior="strict"
      allowDecimal={false}
      value={value}
      onChange={(hours) => onChange(typeof hours === 'number' ? hours : 8)}
    />
  );
}
