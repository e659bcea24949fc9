import { Button, Group, Modal, Stack, TextInput, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import type { Vault } from '~/api/types';
import { ProblemNotice } from '~/ui/problem-notice';

import { useCreateVault } from '../api/vaults';
import { ProtectionChoice } from './protection-choice';

export function NewVault({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [protection, setProtection] = useState<Vault['protection']>('standard');
  const create = useCreateVault();
  return (
    <Modal opened={opened} onClose={onClose} title="New vault" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(
            { name, description, protection },
            { onSuccess: (vault) => void navigate(`/vaults/${vault.id}`) },
          );
        }}
      >
        <Stack>
          <TextInput
            data-autofocus
            label="Name"
            placeholder="Staff handbook"
            required
            maxLength={120}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label="What is in it?"
            description="Helps you and others choose the right vault."
            autosize
            minRows={2}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <ProtectionChoice value={protection} onChange={setProtection} />
          {create.isError && <ProblemNotice error={create.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              Create vault
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
