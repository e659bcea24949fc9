/** Who holds the vault's key: the modes with their promises, and what can be done in the present one. */
import { Alert, Badge, Button, Group, Modal, NumberInput, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import type { OwnerModePromise, Vault } from '~/api/types';
import { Confirm } from '~/ui/confirm';
import { CopyLine } from '~/ui/copy-field';
import { formatDateTime } from '~/ui/format';
import { ProblemNotice, notifyProblem } from '~/ui/problem-notice';
import { QueryView } from '~/ui/query-view';

import { ownerModesQuery, useChooseMode, useGrant, useLock, useRevoke } from '../api/keys';
import { HoursInput } from './unlock-vault';

type Step = 'session' | 'always' | 'grant' | 'revoke' | null;

export function OwnerMode({ vault }: { vault: Vault }) {
  const modes = useQuery(ownerModesQuery);
  const [step, setStep] = useState<Step>(null);
  const lock = useLock(vault.id);
  const close = () => setStep(null);
  return (
    <Stack gap="sm" component="section" aria-label="Who holds the key">
      <Title order={2} fz="lg">
        Who holds the key
      </Title>
      {vault.open_until !== null && (
        <Text fz="sm" c="dimmed">
          Open until {formatDateTime(vault.open_until)}; then it locks itself.
        </Text>
      )}
      <QueryView query={modes}>
        {(list) => (
          <>
            {list.map((promise) => (
              <ModeCard key={promise.mode} promise={promise} isPresent={promise.mode === vault.mode}>
                {promise.mode === 'always' && vault.mode !== 'always' && (
                  <Button variant="default" size="xs" onClick={() => setStep('always')}>
                    Hand the key to this server
                  </Button>
                )}
                {promise.mode === 'session' && (
                  <>
                    {vault.mode !== 'always' && (
                      <Button size="xs" loading={lock.isPending} onClick={() => lock.mutate(undefined, { onError: notifyProblem })}>
                        Lock now
                      </Button>
                    )}
                    <Button variant="default" size="xs" onClick={() => setStep('session')}>
                      {vault.mode === 'always' ? 'Hold the key yourself' : 'New passphrase'}
                    </Button>
                  </>
                )}
                {promise.mode === 'grant' && vault.mode !== 'always' && (
                  <>
                    <Button variant="default" size="xs" onClick={() => setStep('grant')}>
                      {vault.mode === 'grant' ? 'Grant for longer' : 'Grant until a date'}
                    </Button>
                    {vault.mode === 'grant' && (
                      <Button variant="light" color="red" size="xs" onClick={() => setStep('revoke')}>
                        Revoke
                      </Button>
                    )}
                  </>
                )}
              </ModeCard>
            ))}
          </>
        )}
      </QueryView>
      {step === 'session' && <HoldKey vault={vault} onClose={close} />}
      {step === 'grant' && <GrantKey vault={vault} onClose={close} />}
      {step === 'always' && <HandOver vault={vault} onClose={close} />}
      {step === 'revoke' && <RevokeGrant vault={vault} onClose={close} />}
    </Stack>
  );
}

interface ModeCardProps {
  promise: OwnerModePromise;
  isPresent: boolean;
  children: React.ReactNode;
}

function ModeCard({ promise, isPresent, children }: ModeCardProps) {
  return (
    <Paper p="md" component="section" aria-label={promise.title}>
      <Group justify="space-between" mb={6}>
        <Text fw={600}>{promise.title}</Text>
        {isPresent && <Badge color="water">Chosen</Badge>}
      </Group>
      <Stack gap={4}>
        <Text fz="sm">
          <strong>Who can open it:</strong> {promise.who_opens}
        </Text>
        <Text fz="sm">
          <strong>It protects:</strong> {promise.protects}
        </Text>
        <Text fz="sm" c="dimmed">
          <strong>It does not:</strong> {promise.does_not_protect}
        </Text>
      </Stack>
      <Group gap="xs" mt="sm">
        {children}
      </Group>
    </Paper>
  );
}

interface StepProps {
  vault: Vault;
  onClose: () => void;
}

function HoldKey({ vault, onClose }: StepProps) {
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const [hours, setHours] = useState(8);
  const choose = useChooseMode(vault.id);
  const code = choose.data?.recovery_code ?? null;
  if (code !== null) {
    return (
      <Modal opened onClose={onClose} title="Keep this recovery code" closeOnClickOutside={false} closeOnEscape={false}>
        <Stack>
          <Alert color="yellow" icon={<IconKey />}>
            It opens the vault when the passphrase is forgotten. It is shown this once and kept nowhere: print it or write
            it down. Without both, the vault is lost for good.
          </Alert>
          <CopyLine value={code} label="Copy the recovery code" />
          <Group justify="flex-end">
            <Button onClick={onClose}>I have kept it</Button>
          </Group>
        </Stack>
      </Modal>
    );
  }
  const differs = again !== '' && again !== passphrase;
  return (
    <Modal opened onClose={onClose} title="Hold the key yourself">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (passphrase === again) choose.mutate({ mode: 'session', passphrase, hours });
        }}
      >
        <Stack>
          <PasswordInput
            data-autofocus
            label="Passphrase"
            description="At least 12 characters. Several unrelated words are good."
            autoComplete="new-password"
            required
            minLength={12}
            value={passphrase}
            onChange={(event) => setPassphrase(event.currentTarget.value)}
          />
          <PasswordInput
            label="The same again"
            autoComplete="new-password"
            required
            value={again}
            error={differs ? 'The two differ.' : undefined}
            onChange={(event) => setAgain(event.currentTarget.value)}
          />
          <HoursInput value={hours} onChange={setHours} />
          {choose.isError && <ProblemNotice error={choose.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={choose.isPending} disabled={differs}>
              Hold the key
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function GrantKey({ vault, onClose }: StepProps) {
  const [days, setDays] = useState(30);
  const grant = useGrant(vault.id);
  return (
    <Modal opened onClose={onClose} title="Let this server open the vault by itself">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          grant.mutate(days, { onSuccess: onClose });
        }}
      >
        <Stack>
          <NumberInput
            data-autofocus
            label="For"
            suffix=" days"
            min={1}
            max={366}
            allowDecimal={false}
            value={days}
            onChange={(value) => setDays(typeof value === 'number' ? value : 30)}
          />
          {grant.isError && <ProblemNotice error={grant.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={grant.isPending}>
              Grant
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function HandOver({ vault, onClose }: StepProps) {
  const choose = useChooseMode(vault.id);
  return (
    <Confirm
      opened
      title="Hand the key to this server?"
      confirmLabel="Hand it over"
      busy={choose.isPending}
      error={choose.error}
      onClose={onClose}
      onConfirm={() => choose.mutate({ mode: 'always', hours: 8 }, { onSuccess: onClose })}
    >
      The server then opens <strong>{vault.name}</strong> by itself, at any time. Passphrase and recovery code stop working.
    </Confirm>
  );
}

function RevokeGrant({ vault, onClose }: StepProps) {
  const revoke = useRevoke(vault.id);
  return (
    <Confirm
      opened
      title="Revoke the grant?"
      confirmLabel="Revoke and lock"
      busy={revoke.isPending}
      error={revoke.error}
      onClose={onClose}
      onConfirm={() => revoke.mutate(undefined, { onSuccess: onClose })}
    >
      The server throws its key away, the vault gets a new one and is locked. Agents cannot use it until you unlock it.
    </Confirm>
  );
}
