/** An agent's tests: written by hand, drafted from documents, grown from runs; run here, and the gate before publishing. */
import { Badge, Button, Group, Menu, Paper, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChecklist, IconPlayerPlay, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'react-router';

import type { AgentTest } from '~/api/types';
import { agentQuery } from '~/features/graphs/api/draft';
import { reportQuery, testsQuery, useAddTest, useChangeTest, useDraftTests, useRemoveTest, useRunTests, useStopTests } from '~/features/tests/api/tests';
import { GateForm } from '~/features/tests/components/gate-form';
import { ReportList } from '~/features/tests/components/report-list';
import { TestForm } from '~/features/tests/components/test-form';
import { TestProgress } from '~/features/tests/components/test-progress';
import { inOneSentence, standing } from '~/features/tests/model/checks';
import { EmptyState } from '~/ui/empty-state';
import { Page, Section } from '~/ui/page';
import { notifyProblem } from '~/ui/problem-notice';
import { QueryView } from '~/ui/query-view';

const DRAFTED_AT_ONCE = 5;

export function TestsPage() {
  const { agentId = '' } = useParams();
  const agent = useQuery(agentQuery(agentId));
  const tests = useQuery(testsQuery(agentId));
  const progress = tests.data?.progress ?? null;
  const report = useQuery({ ...reportQuery(agentId), refetchInterval: progress?.state === 'working' ? 1500 : false });
  const [adding, add] = useDisclosure(false);
  const [changing, setChanging] = useState<AgentTest | null>(null);
  const addTest = useAddTest(agentId);
  const changeTest = useChangeTest(agentId);
  const removeTest = useRemoveTest(agentId);
  const runTests = useRunTests(agentId);
  const draftTests = useDraftTests(agentId);
  const stopTests = useStopTests(agentId);
  const isWorking = progress?.state === 'working';
  const drafts = tests.data?.tests.filter(({ state }) => state === 'draft') ?? [];
  const isPublished = agent.data?.slug !== null && agent.data?.slug !== undefined;
  const failed = { onError: notifyProblem };
  const hasTests = report.data !== undefined && report.data.lines.length > 0;

  const draftSome = (
    <Button variant="default" disabled={isWorking} loading={draftTests.isPending} onClick={() => draftTests.mutate(DRAFTED_AT_ONCE, failed)}>
      Draft {DRAFTED_AT_ONCE} from the documents
    </Button>
  );
  const edits = (test: AgentTest) => (
    <>
      <Button size="compact-sm" variant="default" onClick={() => setChanging(test)}>
        {test.state === 'draft' ? 'Look at it and confirm' : 'Change'}
      </Button>
      <Button size="compact-sm" variant="subtle" color="red" onClick={() => removeTest.mutate(test.id, failed)}>
        Remove
      </Button>
    </>
  );

  return (
    <Page
      title="Tests"
      description="Questions, and what a right answer to each is like. Run them before you publish: they say what became better and what became worse."
      trail={[
        { label: 'My agents', to: '/agents' },
        { label: agent.data?.name ?? 'Agent', to: `/agents/${agentId}` },
      ]}
      actions={
        <>
          {draftSome}
          <Button variant="default" leftSection={<IconPlus size={16} />} onClick={add.open}>
            Add a test
          </Button>
          <Menu>
            <Menu.Target>
              <Button leftSection={<IconPlayerPlay size={16} />} disabled={isWorking || !hasTests} loading={runTests.isPending}>
                Run the tests
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => runTests.mutate({ state: 'draft' }, failed)}>On the draft</Menu.Item>
              {isPublished && (
                <Menu.Item onClick={() => runTests.mutate({ state: 'live' }, failed)}>On the live version, to compare</Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <Stack gap="lg">
        {progress !== null && <TestProgress progress={progress} onStop={() => stopTests.mutate(undefined, failed)} />}
        {tests.data !== undefined && <GateForm key={tests.data.gate} agentId={agentId} gate={tests.data.gate} />}
        {drafts.length > 0 && (
          <Section title="Drafts to confirm" description="They are not run and do not count until you have looked at them.">
            <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Drafts of tests">
              {drafts.map((test) => (
                <Paper component="li" key={test.id} p="md">
                  <Group gap="xs" mb={4}>
                    <Text fw={600}>{test.question}</Text>
                    <Badge variant="light">{originOf(test)}</Badge>
                  </Group>
                  {test.checks.map((check, index) => (
                    <Text key={index} fz="sm" c="dimmed">
                      {inOneSentence(check)}
                    </Text>
                  ))}
                  <Group gap="xs" mt="sm">
                    {edits(test)}
                  </Group>
                </Paper>
              ))}
            </Stack>
          </Section>
        )}
        <QueryView query={report}>
          {(found) =>
            found.lines.length === 0 ? (
              <EmptyState icon={IconChecklist} title="No tests yet" action={draftSome}>
                Write a question and what a right answer has in it, make one of any run, or let some be drafted from the
                documents that this agent searches.
              </EmptyState>
            ) : (
              <Section title="Tests of the draft" description={`${standing(found)} ${found.refusal ?? ''}`}>
                <ReportList agentId={agentId} lines={found.lines} tests={tests.data?.tests ?? []} actions={edits} />
              </Section>
            )
          }
        </QueryView>
      </Stack>
      {adding && (
        <TestForm
          test={null}
          isSaving={addTest.isPending}
          error={addTest.error}
          onClose={add.close}
          onSave={(body) => addTest.mutate(body, { onSuccess: add.close })}
        />
      )}
      {changing !== null && (
        <TestForm
          key={changing.id}
          test={changing}
          isSaving={changeTest.isPending}
          error={changeTest.error}
          onClose={() => setChanging(null)}
          onSave={(body) => changeTest.mutate({ id: changing.id, ...body }, { onSuccess: () => setChanging(null) })}
        />
      )}
    </Page>
  );
}

function originOf({ origin }: AgentTest): string {
  if (origin['from'] === 'run') return 'From a run';
  if (origin['from'] === 'template') return 'Came with the template';
  if (origin['from'] !== 'passage') return 'Written by you';
  return origin['by'] === 'model' ? 'Drafted by the model' : 'A gap in the document’s own words';
}
