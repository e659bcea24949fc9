/** The editor on one screen: steps to add, the canvas, and beside it settings, trying and problems. */
import { ActionIcon, Alert, Badge, Button, Group, ScrollArea, Stack, Tabs, Text, Tooltip } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconAlertTriangle, IconArrowBackUp, IconArrowForwardUp, IconArrowLeft, IconPointer } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { ReactFlowProvider } from '@xyflow/react';
import { useEffect, useState, type ReactNode } from 'react';
import { Link } from 'react-router';

import type { Agent, ModelChoice, NodeKind } from '~/api/types';
import { EmptyState } from '~/ui/empty-state';
import { notifyProblem } from '~/ui/problem-notice';

import { agentQuery } from '../api/draft';
import { keepDraft } from '../api/history';
import { useEditor, type AgentChoice } from '../model/editor-store';
import { Canvas } from './canvas';
import classes from './editor.module.css';
import { LastResult } from './last-result';
import { Palette } from './palette';
import { ProblemsPanel } from './problems-panel';
import { RunPanel } from './run-panel';
import { SaveBadge } from './save-badge';
import { SettingsForm, type VaultChoice } from './settings-form';
import { useAutosave } from './use-autosave';
import { useRun } from './use-run';

interface EditorProps {
  agent: Agent;
  kinds: readonly NodeKind[];
  vaults: readonly VaultChoice[];
  /** What steps that ask a model may choose. */
  models: readonly ModelChoice[];
  /** What steps that run another agent may choose. */
  agents: readonly AgentChoice[];
  noVaults: ReactNode;
  /** The agent's name and what can be done with it as a whole. */
  name: ReactNode;
  actions: (state: { problemCount: number; saveNow: () => Promise<boolean> }) => ReactNode;
}

export function Editor({ agent, kinds, vaults, models, agents, noVaults, name, actions }: EditorProps) {
  const opened = useEditor((state) => state.agentId === agent.id);
  const open = useEditor((state) => state.open);
  // The agent as it was when this page opened; later answers of the server only confirm what was saved here.
  const [first] = useState(agent);
  useEffect(() => {
    open(first, kinds);
    return () => useEditor.setState({ agentId: null });
  }, [first, kinds, open]);
  useEffect(() => {
    useEditor.setState({ vaultNames: new Map(vaults.map((vault) => [vault.id, vault.name])) });
  }, [vaults]);
  useEffect(() => {
    useEditor.setState({ models });
  }, [models]);
  useEffect(() => {
    useEditor.setState({ agents });
  }, [agents]);

  return (
    <ReactFlowProvider>
      {opened && <Desk vaults={vaults} noVaults={noVaults} name={name} actions={actions} />}
    </ReactFlowProvider>
  );
}

function Desk({ vaults, noVaults, name, actions }: Omit<EditorProps, 'agent' | 'kinds' | 'models' | 'agents'>) {
  const saveNow = useAutosave();
  const run = useRun(saveNow);
  const [tab, setTab] = useState<string | null>('try');
  const selectedId = useEditor((state) => state.selectedId);
  const node = useEditor((state) => state.history.present.nodes.find(({ id }) => id === state.selectedId));
  const agentId = useEditor((state) => state.agentId);
  const isStep = useEditor((state) => state.kinds.get(node?.kind ?? '')?.runs ?? false);
  const problemCount = useEditor((state) => state.problems.length);
  const canUndo = useEditor((state) => state.history.past.length > 0);
  const canRedo = useEditor((state) => state.history.future.length > 0);
  const undo = useEditor((state) => state.undo);
  const redo = useEditor((state) => state.redo);
  const isRunning = useEditor((state) => state.run.state === 'running');
  const isConflict = useEditor((state) => state.save.state === 'conflict');

  useHotkeys(
    [
      ['mod+Z', undo],
      ['mod+shift+Z', redo],
      ['mod+Y', redo],
      ['mod+S', () => void saveNow()],
    ],
    ['INPUT', 'TEXTAREA', 'SELECT'],
  );

  // Choosing a step shows its settings, unless its run is being read.
  const [lastSelected, setLastSelected] = useState(selectedId);
  if (selectedId !== lastSelected) {
    setLastSelected(selectedId);
    if (selectedId !== null && !isRunning && tab !== 'try') setTab('step');
    if (selectedId !== null && tab === 'try' && !isRunning && useEditor.getState().run.state === 'idle') setTab('step');
  }

  return (
    <div className={classes.editor}>
      <header className={classes.bar}>
        <Tooltip label="Back to my agents">
          <ActionIcon component={Link} to="/agents" variant="subtle" color="gray" aria-label="Back to my agents">
            <IconArrowLeft size={18} />
          </ActionIcon>
        </Tooltip>
        <div className={classes.name}>{name}</div>
        <SaveBadge onSave={() => void saveNow()} />
        <span className={classes.gap} />
        <Group gap={2} wrap="nowrap">
          <Tooltip label="Undo (Ctrl + Z)">
            <ActionIcon variant="subtle" color="gray" aria-label="Undo" disabled={!canUndo} onClick={undo}>
              <IconArrowBackUp size={18} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Redo (Ctrl + Shift + Z)">
            <ActionIcon variant="subtle" color="gray" aria-label="Redo" disabled={!canRedo} onClick={redo}>
              <IconArrowForwardUp size={18} />
            </ActionIcon>
          </Tooltip>
        </Group>
        {actions({ problemCount, saveNow })}
      </header>
      {isConflict && <ConflictNotice saveNow={saveNow} />}
      <div className={classes.desk}>
        <Palette />
        <main className={classes.canvas}>
          <Canvas />
        </main>
        <aside className={classes.side} aria-label="Step, trial and problems">
          <Tabs value={tab} onChange={setTab} className={classes.tabs} keepMounted={false}>
            <Tabs.List grow>
              <Tabs.Tab value="step">Step</Tabs.Tab>
              <Tabs.Tab value="try">Try it</Tabs.Tab>
              <Tabs.Tab
                value="problems"
                rightSection={
                  problemCount > 0 ? (
                    <Badge size="sm" color="red" circle variant="filled">
                      {problemCount}
                    </Badge>
                  ) : undefined
                }
              >
                Problems
              </Tabs.Tab>
            </Tabs.List>
            <ScrollArea className={classes.scroll} type="auto">
              <Tabs.Panel value="step" p="md">
                {node === undefined ? (
                  <EmptyState icon={IconPointer} title="No step chosen" compact>
                    Choose a step on the canvas to set it, or add one from the left: click it, or drag it to its place.
                    Draw from the dot on the right of a step to the dot on the left of the next.
                  </EmptyState>
                ) : (
                  <Stack gap="lg">
                    <SettingsForm key={node.id} node={node} vaults={vaults} noVaults={noVaults} />
                    {isStep && agentId !== null && <LastResult key={`${node.id}-result`} agentId={agentId} nodeId={node.id} saveNow={saveNow} />}
                  </Stack>
                )}
              </Tabs.Panel>
              <Tabs.Panel value="try" p="md">
                <RunPanel onStart={run.start} onStop={run.stop} />
              </Tabs.Panel>
              <Tabs.Panel value="problems" p="xs">
                <ProblemsPanel onOpen={() => setTab('step')} />
              </Tabs.Panel>
            </ScrollArea>
          </Tabs>
        </aside>
      </div>
    </div>
  );
}

/** The same agent was changed in another tab or by another person: somebody has to choose. */
function ConflictNotice({ saveNow }: { saveNow: () => Promise<boolean> }) {
  const client = useQueryClient();
  const fetchTheirs = async () => {
    const { agentId } = useEditor.getState();
    return agentId === null ? null : client.query({ ...agentQuery(agentId), staleTime: 0 });
  };
  const takeTheirs = async (): Promise<void> => {
    try {
      const theirs = await fetchTheirs();
      const { open, kinds, history } = useEditor.getState();
      if (theirs === null) return;
      await keepDraft(theirs.id, history.present);
      open(theirs, [...kinds.values()]);
    } catch (error) {
      notifyProblem(error);
    }
  };
  const keepMine = async (): Promise<void> => {
    try {
      const theirs = await fetchTheirs();
      if (theirs === null) return;
      await keepDraft(theirs.id, theirs.graph);
      useEditor.setState({ revision: theirs.revision, save: { state: 'waiting' } });
      await saveNow();
    } catch (error) {
      notifyProblem(error);
    }
  };
  return (
    <Alert role="alert" color="yellow" radius={0} icon={<IconAlertTriangle />} title="This agent was changed elsewhere">
      <Group gap="sm">
        <Text fz="sm">
          Somebody saved another version since you opened it. What you drew is still here, but not saved.
          Whichever you do not take is put aside under “Versions”.
        </Text>
        <Button size="compact-sm" variant="default" onClick={() => void takeTheirs()}>
          Load the other version
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => void keepMine()}>
          Save mine over it
        </Button>
      </Group>
    </Alert>
  );
}
