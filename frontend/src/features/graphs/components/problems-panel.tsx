/** What keeps the agent from running, each line leading to the step it is about. */
import { Text, UnstyledButton } from '@mantine/core';
import { IconAlertCircle, IconCircleCheck } from '@tabler/icons-react';

import { EmptyState } from '~/ui/empty-state';

import { useEditor } from '../model/editor-store';
import { titleOf } from '../model/graph';
import classes from './problems-panel.module.css';

export function ProblemsPanel({ onOpen }: { onOpen: () => void }) {
  const problems = useEditor((state) => state.problems);
  const kinds = useEditor((state) => state.kinds);
  const graph = useEditor((state) => state.history.present);
  const lookAt = useEditor((state) => state.lookAt);
  if (problems.length === 0) {
    return (
      <EmptyState icon={IconCircleCheck} title="No problems" compact>
        The agent can run. Try it with a question of your own before you publish it.
      </EmptyState>
    );
  }
  return (
    <ul className={classes.list} aria-label="Problems">
      {problems.map((problem, index) => {
        const node = graph.nodes.find(({ id }) => id === problem.node_id);
        return (
          <li key={index}>
            <UnstyledButton
              className={classes.problem}
              disabled={node === undefined}
              onClick={() => {
                if (node === undefined) return;
                lookAt(node.id);
                onOpen();
              }}
            >
              <IconAlertCircle size={17} className={classes.icon} aria-hidden />
              <span>
                <Text component="span" display="block" fz="sm">
                  {problem.message}
                </Text>
                {node !== undefined && (
                  <Text component="span" fz="xs" c="dimmed">
                    Show {titleOf(node, kinds)}
                  </Text>
                )}
              </span>
            </UnstyledButton>
          </li>
        );
      })}
    </ul>
  );
}
