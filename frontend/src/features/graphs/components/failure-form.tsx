/** What becomes of a step that fails: the same choices for every kind. */
import { NumberInput, Select, Stack, Text, Textarea } from '@mantine/core';

import type { NodeKind } from '~/api/types';

import { useEditor } from '../model/editor-store';
import { changePlan, changeTimeLimit, NO_PLAN, type Graph, type GraphNode, type OnError } from '../model/graph';

const CHOICES: Readonly<Record<OnError['then'], string>> = {
  fail: 'End the run and say why',
  default: 'Go on with a default value',
  branch: 'Take another branch',
};

interface FailureFormProps {
  node: GraphNode;
  recoveries: NodeKind['recoveries'];
}

export function FailureForm({ node, recoveries }: FailureFormProps) {
  const graph = useEditor((state) => state.history.present);
  const change = useEditor((state) => state.change);
  const plan = node.on_error ?? NO_PLAN;

  const apply = (next: Graph): void => change(next, `${node.id}:on_error`);
  const set = (part: Partial<OnError>): void => apply(changePlan(graph, node.id, { ...plan, ...part }));

  return (
    <details open={node.on_error !== undefined || node.time_limit_s !== undefined}>
      <summary style={{ cursor: 'pointer', fontSize: 14, fontWeight: 500 }}>If this step fails</summary>
      <Stack gap="sm" mt="xs">
        <NumberInput
          label="Tries after the first"
          description="A model that is busy or a search that cannot be reached often works a moment later."
          min={0}
          max={5}
          allowDecimal={false}
          value={plan.retries}
          onChange={(retries) => typeof retries === 'number' && set({ retries })}
        />
        {plan.retries > 0 && (
          <NumberInput
            label="Seconds between tries"
            min={0}
            max={60}
            value={plan.pause_s}
            onChange={(seconds) => typeof seconds === 'number' && set({ pause_s: seconds })}
          />
        )}
        <Select
          label="When that does not help"
          data={(['fail', ...recoveries] as const).map((value) => ({ value, label: CHOICES[value] }))}
          value={plan.then}
          allowDeselect={false}
          onChange={(then) => then !== null && set({ then })}
        />
        {plan.then === 'default' && (
          <Textarea
            label="Default value"
            description="Handed on in place of what the step could not give. A search hands on no passages."
            autosize
            minRows={2}
            maxLength={8000}
            value={plan.default}
            onChange={(event) => set({ default: event.currentTarget.value })}
          />
        )}
        {plan.then === 'branch' && (
          <Text fz="xs" c="dimmed">
            Draw from “If it fails” on the right of the step. It hands on what went wrong, in words.
          </Text>
        )}
        <NumberInput
          label="Time limit in seconds"
          description="For each try. Empty: as long as the whole run may take."
          min={0.1}
          max={3600}
          value={node.time_limit_s ?? ''}
          onChange={(seconds) => apply(changeTimeLimit(graph, node.id, typeof seconds === 'number' ? seconds : null))}
        />
        {plan !== NO_PLAN && (
          <Text fz="xs" c="dimmed">
            The words of a step with such a plan are shown when it is done, not while it writes.
          </Text>
        )}
      </Stack>
    </details>
  );
}
