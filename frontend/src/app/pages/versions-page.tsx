/** The states an agent has had: what differs between any two, and taking one back. */
import { Button, Group, Paper, Select, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconVersions } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';

import type { AgentVersion, KeptDraft } from '~/api/types';
import { agentQuery, nodeKindsQuery } from '~/features/graphs/api/draft';
import { differenceQuery, keptDraftsQuery, useRestore } from '~/features/graphs/api/history';
import { DifferenceView } from '~/features/graphs/components/difference/difference-view';
import { versionsQuery } from '~/features/publishing/api/publishing';
import { VersionList } from '~/features/publishing/components/version-list';
import { vaultsQuery } from '~/features/vaults/api/vaults';
import { EmptyState } from '~/ui/empty-state';
import { formatDateTime } from '~/ui/format';
import { Page, Section } from '~/ui/page';
import { notifyProblem } from '~/ui/problem-notice';
import { QueryView } from '~/ui/query-view';

export function VersionsPage() {
  const { agentId = '' } = useParams();
  const agent = useQuery(agentQuery(agentId));
  const versions = useQuery(versionsQuery(agentId));
  const kept = useQuery(keptDraftsQuery(agentId));
  const [search, setSearch] = useSearchParams();
  const navigate = useNavigate();
  const restore = useRestore(agentId);

  const states = statesOf(versions.data ?? [], kept.data ?? []);
  const before = search.get('before');
  const after = search.get('after') ?? 'draft';
  const compare = (from: string, to = 'draft'): void => {
    setSearch({ before: from, after: to });
    globalThis.scrollTo({ top: 0 });
  };
  const takeBack = (state: string): void => {
    if (agent.data === undefined) return;
    restore.mutate(
      { state, base_revision: agent.data.revision },
      {
        onSuccess: () => {
          notifications.show({
            title: `${states.get(state) ?? 'It'} is the draft now`,
            message: 'What the draft was is put aside under “Versions”, to be taken back.',
          });
          void navigate(`/agents/${agentId}`);
        },
        onError: (error) => {
          notifyProblem(error);
          void agent.refetch();
        },
      },
    );
  };
  const actions = (state: string) => (
    <>
      <Button size="compact-sm" variant="default" onClick={() => compare(state)}>
        Compare with the draft
      </Button>
      <Button size="compact-sm" variant="default" loading={restore.isPending && restore.variables.state === state} onClick={() => takeBack(state)}>
        Make it the draft
      </Button>
    </>
  );

  return (
    <Page
      title="Versions"
      description="A published version stays as it was, with its price and shares. Those who pin it keep it, and a conversation stays on the version it began with."
      trail={[
        { label: 'My agents', to: '/agents' },
        { label: agent.data?.name ?? 'Agent', to: `/agents/${agentId}` },
      ]}
      actions={
        <Button component={Link} to={`/agents/${agentId}`}>
          Open the draft
        </Button>
      }
    >
      {states.size > 1 && (
        <Section title="What differs" description="Choose any two states of this agent.">
          <Group mb="md" align="flex-end">
            <Select
              label="From"
              placeholder="Choose a state"
              data={[...states].map(([value, label]) => ({ value, label }))}
              value={before}
              onChange={(value) => value !== null && compare(value, after)}
            />
            <Select
              label="To"
              data={[...states].map(([value, label]) => ({ value, label }))}
              value={after}
              allowDeselect={false}
              onChange={(value) => value !== null && setSearch({ ...(before !== null && { before }), after: value })}
            />
          </Group>
          {before !== null && (
            <Compared agentId={agentId} before={before} after={after} names={states} />
          )}
        </Section>
      )}
      <Section title="Published">
        <QueryView query={versions}>
          {(list) =>
            list.length === 0 ? (
              <EmptyState icon={IconVersions} title="Not published yet">
                Open the draft, try it, and publish it when it answers well.
              </EmptyState>
            ) : (
              <VersionList versions={list} actions={(version) => actions(String(version.number))} />
            )
          }
        </QueryView>
      </Section>
      {kept.data !== undefined && kept.data.length > 0 && (
        <Section title="Drafts put aside" description="Drawings that something else took the place of. The last 20 are kept.">
          <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Drafts put aside">
            {kept.data.map((draft) => (
              <Paper component="li" key={draft.state} p="md">
                <Text fw={600}>{formatDateTime(draft.kept_at)}</Text>
                <Text fz="sm" c="dimmed">
                  {whyKept(draft)}
                </Text>
                <Group gap="xs" mt="sm">
                  {actions(draft.state)}
                </Group>
              </Paper>
            ))}
          </Stack>
        </Section>
      )}
    </Page>
  );
}

function Compared({ agentId, before, after, names }: { agentId: string; before: string; after: string; names: ReadonlyMap<string, string> }) {
  const difference = useQuery(differenceQuery(agentId, before, after));
  const kinds = useQuery(nodeKindsQuery);
  const vaults = useQuery(vaultsQuery);
  return (
    <QueryView query={difference}>
      {(found) => (
        <DifferenceView
          difference={found}
          kinds={kinds.data ?? []}
          names={{ vaultNames: new Map((vaults.data ?? []).map(({ id, name }) => [id, name])) }}
          before={names.get(before) ?? before}
          after={names.get(after) ?? after}
        />
      )}
    </QueryView>
  );
}

/** Every state that can be compared, by the name the server calls it, with what people call it. */
function statesOf(versions: readonly AgentVersion[], kept: readonly KeptDraft[]): Map<string, string> {
  return new Map([
    ['draft', 'The draft'],
    ...versions.map(({ number }): [string, string] => [String(number), `Version ${number}`]),
    ...kept.map(({ state, kept_at }): [string, string] => [state, `Put aside ${formatDateTime(kept_at)}`]),
  ]);
}

function whyKept({ reason, version }: KeptDraft): string {
  if (reason === 'replaced') return 'Another drawing was taken when two windows had changed the agent.';
  return version === null ? 'Another draft was taken back in its place.' : `Version ${version} was made the draft in its place.`;
}
