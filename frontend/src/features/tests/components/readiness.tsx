/** Before publishing: how the tests stand, and what is better or worse than in the live version. */
import { Alert, Anchor, Group, List, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import { reportQuery } from '../api/tests';
import { standing } from '../model/checks';
import { ChangeBadge } from './report-list';

export function Readiness({ agentId }: { agentId: string }) {
  const report = useQuery(reportQuery(agentId));
  if (report.data === undefined) return null;
  const { lines, refusal } = report.data;
  const failing = lines.filter(({ result, change }) => result?.passed === false || change === 'worse' || change === 'better');
  return (
    <Alert color={refusal === null ? 'gray' : 'red'} title="Tests" role="status">
      <Text fz="sm">{refusal ?? standing(report.data)}</Text>
      {failing.length > 0 && (
        <List fz="sm" mt="xs">
          {failing.map((line) => (
            <List.Item key={line.test_id}>
              <Group gap="xs">
                <span>
                  {line.question} — {line.result?.passed === true ? 'passes' : 'fails'}
                </span>
                <ChangeBadge change={line.change} />
              </Group>
            </List.Item>
          ))}
        </List>
      )}
      <Anchor component={Link} to={`/agents/${agentId}/tests`} fz="sm">
        Open the tests
      </Anchor>
    </Alert>
  );
}

/** Why it may not be published; `null` while that is not known, or when nothing keeps it. */
export function useRefusal(agentId: string): string | null {
  return useQuery(reportQuery(agentId)).data?.refusal ?? null;
}
