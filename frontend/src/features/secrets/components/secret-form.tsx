/** Saves a secret: its name, its value, and the hosts it may be sent to. The value is never shown again. */
import { Alert, Button, Group, Modal, PasswordInput, Stack, TagsInput, TextInput } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useState } from 'react';

import type { StoredSecret } from '~/api/types';
import { ProblemNotice } from '~/ui/problem-notice';

import { useSaveSecret } from '../api/secrets';

interface SecretFormProps {
  /** The secret that gets another value; null for a new one. */
  secret: StoredSecret | null;
  onClose: () => void;
}

export function SecretForm({ secret, onClose }: SecretFormProps) {
  const [name, setName] = useState(secret?.name ?? '');
  const [value, setValue] = useState('');
  const [hosts, setHosts] = useState<string[]>(secret?.hosts ?? []);
  const save = useSaveSecret(secret?.id ?? null);
  return (
    <Modal opened onClose={onClose} title={secret === null ? 'New secret' : `Replace “${secret.name}”`}>
      <form
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ name, value, hosts }, { onSuccess: onClose });
        }}
      >
        <Stack>
          <Alert color="blue" icon={<IconLock />}>
            It is kept encrypted and sent to these hosts alone. Nobody can read it again, and you cannot either: to change
            anything, type it anew.
          </Alert>
          {secret === null && (
            <TextInput
              data-autofocus
              label="Name"
              placeholder="weather"
              description="What you choose it by in the steps of your agents."
              required
              maxLength={60}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          )}
          <PasswordInput
            label="Secret"
            description="The key or token that the service gave you, of at least 8 characters."
            required
            maxLength={4000}
            autoComplete="new-password"
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
          />
          <TagsInput
            label="Hosts it may be sent to"
            description="Such as api.example.org, with Enter after each. It goes over https, unless you write http:// before one."
            placeholder={hosts.length === 0 ? 'api.example.org' : undefined}
            required
            maxTags={10}
            acceptValueOnBlur
            value={hosts}
            onChange={setHosts}
          />
          {save.isError && <ProblemNotice error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              Save secret
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
