/** Who is paid by each answer, as one bar. */
import { Group, Progress, Stack, Text } from '@mantine/core';

import { shortHex } from '~/ui/format';

export interface ShareShape {
  address: string;
  share_bps: number;
  role: string;
}

const COLORS = ['water.7', 'blue.7', 'violet.7', 'orange.8', 'grape.7', 'cyan.8', 'gray.6'];
const ROLES: Readonly<Record<string, string>> = { author: 'author', data: 'data', model: 'model' };

export function ShareBar({ shares }: { shares: readonly ShareShape[] }) {
  return (
    <Stack gap="xs">
      <Progress.Root size="lg" aria-label="Shares">
        {shares.map((share, index) => (
          <Progress.Section
            key={index}
            value={share.share_bps / 100}
            color={COLORS[index % COLORS.length]}
            aria-label={`${ROLES[share.role] ?? share.role} ${share.share_bps / 100} %`}
          />
        ))}
      </Progress.Root>
      <Group gap="md">
        {shares.map((share, index) => (
          <Group key={index} gap={6} fz="sm">
            <span
              aria-hidden
              style={{
                width: 10,
                height: 10,
                borderRadius: 3,
                background: `var(--mantine-color-${(COLORS[index % COLORS.length] ?? 'gray.6').replace('.', '-')})`,
              }}
            />
            <Text fz="sm">
              {share.share_bps / 100} % {ROLES[share.role] ?? share.role}
            </Text>
            <Text fz="xs" c="dimmed" ff="monospace">
              {shortHex(share.address)}
            </Text>
          </Group>
        ))}
      </Group>
    </Stack>
  );
}
