/** How many tests must pass before the agent may be published. */
import { Group, NumberInput, Switch } from '@mantine/core';
import { useState } from 'react';

import { notifyProblem } from '~/ui/problem-notice';

import { useSetGate } from '../api/tests';

export function GateForm({ agentId, gate }: { agentId: string; gate: number | null }) {
  const set = useSetGate(agentId);
  const [percent, setPercent] = useState(gate ?? 80);
  const save = (value: number | null): void => set.mutate(value, { onError: notifyProblem });
  return (
    <Group align="center">
      <Switch
        label="Publish only when its tests pass"
        checked={gate !== null}
        onChange={(event) => save(event.currentTarget.checked ? percent : null)}
      />
      {gate !== null && (
        <NumberInput
          w={130}
          aria-label="Percent of the tests that must pass"
          suffix=" % of them"
          min={1}
          max={100}
          value={percent}
          onChange={(value) => setPercent(Number(value))}
          onBlur={() => percent >= 1 && percent !== gate && save(percent)}
        />
      )}
    </Group>
  );
}
