import { Button, Stack, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link, useNavigate, useParams } from 'react-router';

import type { CatalogueEntry } from '~/api/types';

import { AgentTitle } from '~/features/agents/components/agent-title';
import { catalogueQuery } from '~/features/catalogue/api/catalogue';
import { agentQuery, nodeKindsQuery } from '~/features/graphs/api/draft';
import { Editor } from '~/features/graphs/components/editor';
import type { AgentChoice } from '~/features/graphs/model/editor-store';
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
  const catalogue = useQuery(catalogueQuery(''));
  const ownSlug = agent.data?.slug ?? null;
  const agents = useMemo(() => (catalogue.data ?? []).flatMap((entry) => (entry.slug === ownSlug ? [] : choiceOf(entry))), [catalogue.data, ownSlug]);
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
        agents={agents}
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

/** An agent of the catalogue as one that a step may run; nothing where there is no license for it. */
function choiceOf({ slug, name, version, is_mine: isMine, my_license: license }: CatalogueEntry): AgentChoice[] {
  if (!isMine && license?.state !== 'active') return [];
  const cost = isMine || license?.kind !== 'metered' ? 0 : license.terms.max_call_price;
  return [{ slug, name, version, isMine, cost }];
}
