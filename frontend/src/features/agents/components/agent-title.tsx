/** The agent's name in the editor; a click changes name and description. */
import { Button, Group, Modal, Stack, TextInput, Textarea, Tooltip } from '@mantine/core';
import { useState } from 'react';

import type { AgentSummary } from '~/api/types';
import { ProblemNotice } from '~/ui/problem-notice';

import { useRenameAgent } from '../api/agents';
import classes from './agents.module.css';

export function AgentTitle({ agent }: { agent: AgentSummary }) {
  const [editing, setEditing] = useState(false);
  return (
    <>
      <Tooltip label="Change name and description">
        <h1 className={classes.heading}>
          <button type="button" className={classes.title} onClick={() => setEditing(true)}>
            {agent.name}
          </button>
        </h1>
      </Tooltip>
      {editing && <Rename agent={agent} onClose={() => setEditing(false)} />}
    </>
  );
}

function Rename({ agent, onClose }: { agent: AgentSummary; onClose: () => void }) {
  const [name, setName] = useState(agent.name);
  const [description, setDescription] = useState(agent.description);
  const rename = useRenameAgent(agent.id);
  return (
    <Modal opened onClose={onClose} title="Name and description">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          rename.mutate({ name, description }, { onSuccess: onClose });
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
            label="Description"
            description="What people read in the catalogue: what it knows, and for whom."
            autosize
            minRows={3}
            maxLength={2000}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          {rename.isError && <ProblemNotice error={rename.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={rename.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
