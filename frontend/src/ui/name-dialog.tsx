/** Change the name and the description of something that has both. */
import { Button, Group, Modal, Stack, TextInput, Textarea } from '@mantine/core';
import { useState } from 'react';

import { ProblemNotice } from './problem-notice';

export interface Naming {
  name: string;
  description: string;
}

interface NameDialogProps {
  naming: Naming;
  descriptionLabel?: string;
  /** Who reads the description, and what it should tell them. */
  descriptionHint?: string;
  /** The saving: a mutation that takes the new words. */
  saving: {
    mutate: (naming: Naming, options: { onSuccess: () => void }) => void;
    isPending: boolean;
    error: Error | null;
  };
  onClose: () => void;
}

export function NameDialog({ naming, descriptionLabel = 'Description', descriptionHint, saving, onClose }: NameDialogProps) {
  const [name, setName] = useState(naming.name);
  const [description, setDescription] = useState(naming.description);
  return (
    <Modal opened onClose={onClose} title="Name and description">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          saving.mutate({ name, description }, { onSuccess: onClose });
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
            label={descriptionLabel}
            description={descriptionHint}
            autosize
            minRows={3}
            maxLength={2000}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          {saving.error !== null && <ProblemNotice error={saving.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={saving.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
