import { ActionIcon, Badge, Menu, Paper, Text } from '@mantine/core';
import { IconDots, IconDownload, IconMessage, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';

import type { AgentSummary } from '~/api/types';
import { Confirm } from '~/ui/confirm';
import { Emblem } from '~/ui/emblem';
import { formatRelative } from '~/ui/format';
import { notifyProblem } from '~/ui/problem-notice';

import { exportAgent, useDeleteAgent } from '../api/agents';
import classes from './agents.module.css';

export function AgentList({ agents }: { agents: readonly AgentSummary[] }) {
  const [doomed, setDoomed] = useState<AgentSummary | null>(null);
  const remove = useDeleteAgent();
  return (
    <>
      <Paper component="ul" className={classes.list} aria-label="My agents">
        {agents.map((agent) => (
          <li key={agent.id} className={classes.row}>
            <Emblem name={agent.name} />
            <div className={classes.main}>
              <Link to={`/agents/${agent.id}`} className={classes.name}>
                {agent.name}
              </Link>
              <Text fz="sm" c="dimmed" truncate>
                {agent.description === '' ? `Edited ${formatRelative(agent.updated_at)}` : agent.description}
              </Text>
            </div>
            {agent.slug === null ? <Badge color="gray">Draft</Badge> : <Badge>Published</Badge>}
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon variant="subtle" color="gray" className={classes.actions} aria-label={`More about ${agent.name}`}>
                  <IconDots size={18} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                {agent.slug !== null && (
                  <Menu.Item component={Link} to={`/chat/with/${agent.slug}`} leftSection={<IconMessage size={16} />}>
                    Ask it
                  </Menu.Item>
                )}
                <Menu.Item
                  leftSection={<IconDownload size={16} />}
                  onClick={() => void exportAgent(agent.id, agent.name).catch(notifyProblem)}
                >
                  Export as a file
                </Menu.Item>
                <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => setDoomed(agent)}>
                  Delete
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </li>
        ))}
      </Paper>
      <Confirm
        opened={doomed !== null}
        title="Delete this agent?"
        confirmLabel="Delete"
        busy={remove.isPending}
        error={remove.error}
        onClose={() => {
          setDoomed(null);
          remove.reset();
        }}
        onConfirm={() => {
          if (doomed !== null) remove.mutate(doomed.id, { onSuccess: () => setDoomed(null) });
        }}
      >
        <strong>{doomed?.name}</strong> and its draft are deleted
        {doomed?.slug != null && ', and it leaves the catalogue. What was earned so far stays yours'}.
      </Confirm>
    </>
  );
}
