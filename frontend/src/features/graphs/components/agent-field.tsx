/** Chooses the agent that a step runs, and whether it stays on one version; says what each answer costs. */
import { Group, Select, Stack, Text } from '@mantine/core';

import { formatMoney } from '~/ui/format';
import { useCurrency } from '~/ui/currency';

import { useEditor, type AgentChoice } from '../model/editor-store';

interface AgentFieldProps {
  label: string;
  description: string | undefined;
  /** A slug, or with a version `slug@2`. */
  value: string;
  onChange: (value: string) => void;
}

export function AgentField({ label, description, value, onChange }: AgentFieldProps) {
  const agents = useEditor((state) => state.agents);
  const [slug = '', pinned = ''] = value.split('@');
  const chosen = agents.find((agent) => agent.slug === slug);
  const options = agents.map((agent) => ({ value: agent.slug, label: agent.isMine ? `${agent.name} (yours)` : agent.name }));
  if (slug !== '' && chosen === undefined) options.push({ value: slug, label: `${slug} (not yours to use)` });
  const versions = Array.from({ length: chosen?.version ?? 0 }, (_, index) => String(index + 1)).toReversed();
  if (pinned !== '' && !versions.includes(pinned)) versions.push(pinned);

  return (
    <Stack gap={6}>
      <Text component="span" fz="xs" c="dimmed">
        {description}
      </Text>
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <Select
          flex={1}
          label={label}
          data={options}
          value={slug === '' ? null : slug}
          searchable={options.length > 7}
          placeholder="Choose an agent"
          nothingFoundMessage="No agent is called that"
          onChange={(next) => onChange(next ?? '')}
        />
        {slug !== '' && (
          <Select
            w={130}
            label="Version"
            data={[{ value: '', label: 'The newest' }, ...versions.map((number) => ({ value: number, label: `Stay on ${number}` }))]}
            value={pinned}
            allowDeselect={false}
            onChange={(next) => onChange(next === null || next === '' ? slug : `${slug}@${next}`)}
          />
        )}
      </Group>
      {agents.length === 0 && (
        <Text fz="xs" c="dimmed">
          Publish another agent of yours, or get a license in the catalogue: then you can run it here.
        </Text>
      )}
      {chosen !== undefined && <Cost {...chosen} />}
    </Stack>
  );
}

function Cost({ isMine, cost }: AgentChoice) {
  const currency = useCurrency();
  if (isMine) return <Text fz="xs">It is yours, so it costs nothing.</Text>;
  if (cost === 0) return <Text fz="xs">Your license covers it: an answer costs nothing more.</Text>;
  return (
    <Text fz="xs">
      Each answer costs you {formatMoney(cost, currency)} of your license, when you try it and when others ask your agent.
    </Text>
  );
}
