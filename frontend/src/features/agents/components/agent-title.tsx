/** The agent's name in the editor; a click changes name and description. */
import { Tooltip } from '@mantine/core';
import { useState } from 'react';

import type { AgentSummary } from '~/api/types';
import { NameDialog } from '~/ui/name-dialog';

import { useRenameAgent } from '../api/agents';
import classes from './agents.module.css';

export function AgentTitle({ agent }: { agent: AgentSummary }) {
  const [editing, setEditing] = useState(false);
  const rename = useRenameAgent(agent.id);
  return (
    <>
      <Tooltip label="Change name and description">
        <h1 className={classes.heading}>
          <button type="button" className={classes.title} onClick={() => setEditing(true)}>
            {agent.name}
          </button>
        </h1>
      </Tooltip>
      {editing && (
        <NameDialog
          naming={agent}
          descriptionHint="What people read in the catalogue: what it knows, and for whom."
          saving={rename}
          onClose={() => {
            setEditing(false);
            rename.reset();
          }}
        />
      )}
    </>
  );
}
