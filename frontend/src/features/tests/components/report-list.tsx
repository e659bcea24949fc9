/** The confirmed tests with what came of them: in the draft, and in the live version beside it. */
import { Anchor, Badge, Group, Paper, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';

import type { AgentTest, ReportLine, TestResult } from '~/api/types';
import { formatRelative } from '~/ui/format';

import { inOneSentence } from '../model/checks';

interface ReportListProps {
  agentId: string;
  lines: readonly ReportLine[];
  tests: readonly AgentTest[];
  /** What can be done with one of them. */
  actions?: (test: AgentTest) => ReactNode;
}

export function ReportList({ agentId, lines, tests, actions }: ReportListProps) {
  const byId = new Map(tests.map((test) => [test.id, test]));
  return (
    <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Tests">
      {lines.map((line) => {
        const test = byId.get(line.test_id);
        return (
          <Paper component="li" key={line.test_id} p="md">
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <Text fw={600}>{line.question}</Text>
              <Group gap={6} wrap="nowrap">
                <Mark result={line.result} />
                <ChangeBadge change={line.change} />
              </Group>
            </Group>
            <ul style={{ margin: '6px 0 0', paddingLeft: 18 }}>
              {(test?.checks ?? []).map((check, index) => {
                const outcome = line.result?.outcomes[index];
                return (
                  <Text component="li" key={index} fz="sm">
                    {inOneSentence(check)}
                    {outcome !== undefined && (
                      <Text span fz="sm" c={outcome.passed ? 'var(--q-good)' : 'var(--q-bad)'}>
                        {' '}
                        — {outcome.told}
                      </Text>
                    )}
                  </Text>
                );
              })}
            </ul>
            {line.result !== null && <Answered agentId={agentId} title="The draft" result={line.result} />}
            {line.against !== null && line.against.answer !== line.result?.answer && (
              <Answered agentId={agentId} title="The live version" result={line.against} />
            )}
            {test !== undefined && actions !== undefined && (
              <Group gap="xs" mt="sm">
                {actions(test)}
              </Group>
            )}
          </Paper>
        );
      })}
    </Stack>
  );
}

function Mark({ result }: { result: TestResult | null }) {
  if (result === null) return <Badge color="gray">Not run</Badge>;
  return result.passed ? <Badge color="water">Passes</Badge> : <Badge color="red">Fails</Badge>;
}

export function ChangeBadge({ change }: { change: ReportLine['change'] }) {
  if (change === 'better') return <Badge color="water" variant="light">Better than live</Badge>;
  if (change === 'worse') return <Badge color="red" variant="light">Worse than live</Badge>;
  return null;
}

function Answered({ agentId, title, result }: { agentId: string; title: string; result: TestResult }) {
  return (
    <div style={{ marginTop: 8 }}>
      <Text fz="xs" c="dimmed">
        {title} answered {formatRelative(result.at)} ({result.passed ? 'passed' : 'failed'}).{' '}
        <Anchor component={Link} to={`/agents/${agentId}/runs/${result.run_id}`} fz="xs">
          Open the run
        </Anchor>
      </Text>
      <Text fz="sm" lineClamp={3}>
        {result.failure ?? result.answer}
      </Text>
    </div>
  );
}
