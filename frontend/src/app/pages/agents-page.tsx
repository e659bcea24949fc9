import { Button, FileButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconRobot, IconUpload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from 'react-router';

import { agentsQuery, useImportAgent } from '~/features/agents/api/agents';
import { AgentList } from '~/features/agents/components/agent-list';
import { NewAgent } from '~/features/agents/components/new-agent';
import { vaultsQuery } from '~/features/vaults/api/vaults';
import { EmptyState } from '~/ui/empty-state';
import { Page } from '~/ui/page';
import { notifyProblem } from '~/ui/problem-notice';
import { QueryView } from '~/ui/query-view';

import { NoVaults } from './no-vaults';

export function AgentsPage() {
  const agents = useQuery(agentsQuery);
  const vaults = useQuery(vaultsQuery);
  const [opened, { open, close }] = useDisclosure(false);
  const importAgent = useImportAgent();
  const navigate = useNavigate();
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={open}>
      New agent
    </Button>
  );
  return (
    <Page
      title="My agents"
      description="Drawn, tried and published here, without code."
      actions={
        <>
          <FileButton
            accept=".json"
            onChange={(file) => {
              if (file === null) return;
              importAgent.mutate(file, {
                onSuccess: (agent) => void navigate(`/agents/${agent.id}`),
                onError: notifyProblem,
              });
            }}
          >
            {(props) => (
              <Button {...props} variant="default" leftSection={<IconUpload size={16} />} loading={importAgent.isPending}>
                Import
              </Button>
            )}
          </FileButton>
          {agents.data !== undefined && agents.data.length > 0 && add}
        </>
      }
    >
      <QueryView query={agents}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={IconRobot} title="Draw your first agent" action={add}>
              Choose a template and a vault, and it answers questions at once. Then change its steps until it does what you
              want, try it beside the drawing, and publish it with a price.
            </EmptyState>
          ) : (
            <AgentList agents={list} />
          )
        }
      </QueryView>
      <NewAgent opened={opened} onClose={close} vaults={vaults.data ?? []} noVaults={<NoVaults />} />
    </Page>
  );
}
