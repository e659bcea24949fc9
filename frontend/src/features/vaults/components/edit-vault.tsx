import { Button, Group, Modal, Stack, TextInput, Textarea } from '@mantine/core';
import { useState } from 'react';

import type { Vault } from '~/api/types';
import { ProblemNotice } from '~/ui/problem-notice';

import { useChangeVault } from '../api/vaults';

export function EditVault({ vault, onClose }: { vault: Vault; onClose: () => void }) {
  const [name, setName] = useState(vault.name);
  const [description, setDescription] = useState(vault.description);
  const change = useChangeVault(vault.id);
  return (
    <Modal opened onClose={onClose} title="Name and description">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate({ name, description }, { onSuccess: onClose });
        }}
      >
        <Stack>
          <TextInput
            data-autofocus
            label="Name"
            required
            maxLength={120}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label="What is in it?"
            autosize
            minRows={2}
            maxLength={2000}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          {change.isError && <ProblemNotice error={change.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={change.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
