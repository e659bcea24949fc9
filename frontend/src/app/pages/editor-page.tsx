import { Button, Stack, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from 'react-router';

import { AgentTitle } from '~/features/agents/components/agent-title';
import { agentQuery, nodeKindsQuery } from '~/features/graphs/api/draft';
import { Editor } from '~/features/graphs/components/editor';
import { useEditor } from '~/features/graphs/model/editor-store';
import { PublishDialog } from '~/features/publishing/components/publish-dialog';
import { modelChoicesQuery } from '~/features/models/api/models';
import { Readiness, useRefusal } from '~/features/tests/components/readiness';
import { vaultsQuery } from '~/features/vaults/api/vaults';
import { useDocumentTitle } from '~/ui/page';
import { ProblemNotice } from '~/ui/problem-notice';

import { FirstPaint } from '../page-states';
import { usePerson } from '../person';
import { NoVaults } from './no-vaults';

export function EditorPage() {
  const { agentId = '' } = useParams();
  // The editor begins from the draft as it is now, not from what was seen a while ago.
  const agent = useQuery({ ...agentQuery(agentId), staleTime: 0, refetchOnWindowFocus: false });
  const kinds = useQuery(nodeKindsQuery);
  const vaults = useQuery(vaultsQuery);
  const models = useQuery(modelChoicesQuery);
  const { user } = usePerson();
  const navigate = useNavigate();
  const [publishing, publication] = useDisclosure(false);
  const refusal = useRefusal(agentId);
  useDocumentTitle(agent.data?.name ?? 'Agent');

  const error = agent.error ?? kinds.error;
  if (error !== null && (agent.data === undefined || kinds.data === undefined)) {
    return (
      <Stack p="xl" maw={560} mx="auto">
        <ProblemNotice
          error={error}
          onRetry={() => {
            void agent.refetch();
            void kinds.refetch();
          }}
        />
        <Button component={Link} to="/agents" variant="default">
          Back to my agents
        </Button>
      </Stack>
    );
  }
  if (agent.data === undefined || kinds.data === undefined || !agent.isFetchedAfterMount) return <FirstPaint />;
  const { data } = agent;

  return (
    <>
      <Editor
        key={agentId}
        agent={data}
        kinds={kinds.data}
        vaults={vaults.data ?? []}
        models={models.data ?? []}
        noVaults={<NoVaults />}
        name={<AgentTitle agent={data} />}
        actions={({ problemCount, saveNow }) => (
          <>
            <Button component={Link} to={`/agents/${agentId}/runs`} variant="default" visibleFrom="md">
              Runs
            </Button>
            <Button component={Link} to={`/agents/${agentId}/tests`} variant="default" visibleFrom="sm">
              Tests
            </Button>
            <Button component={Link} to={`/agents/${agentId}/versions`} variant="default" visibleFrom="sm">
              Versions
            </Button>
            <Tooltip label="Solve the problems first" disabled={problemCount === 0}>
              <Button
                data-disabled={problemCount > 0 || undefined}
                aria-disabled={problemCount > 0}
                onClick={() => {
                  if (problemCount > 0) return;
                  void saveNow().then((isSaved) => {
                    if (isSaved) publication.open();
                  });
                }}
              >
                Publish
              </Button>
            </Tooltip>
          </>
        )}
      />
      {publishing && (
        <PublishDialog
          agent={{ ...data, revision: useEditor.getState().revision }}
          address={user.address}
          tests={<Readiness agentId={agentId} />}
          refusal={refusal}
          onClose={publication.close}
          onPublished={(slug) => {
            publication.close();
            void navigate(`/catalogue/${slug}`);
          }}
        />
      )}
    </>
  );
}
