/** Add a page of the public web by its address, or a whole site's pages up to a limit. */
import { Button, Checkbox, Group, NativeSelect, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { IconWorld } from '@tabler/icons-react';
import { useState } from 'react';

import { formatCount } from '~/ui/format';
import { ProblemNotice } from '~/ui/problem-notice';

import { useAddWebPages } from '../api/vaults';
import { PERIODS, isPeriod, type Period } from '../model/periods';

export function AddWebPage({ vaultId }: { vaultId: string }) {
  const [url, setUrl] = useState('');
  const [wholeSite, setWholeSite] = useState(false);
  const [limit, setLimit] = useState(20);
  const [period, setPeriod] = useState<Period>('daily');
  const add = useAddWebPages(vaultId);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate({ url, limit: wholeSite ? limit : null, period }, { onSuccess: () => setUrl('') });
      }}
    >
      <Stack gap="xs">
        <Group align="flex-end" gap="sm">
          <TextInput
            style={{ flex: '1 1 260px' }}
            label="Or add a page of the web"
            placeholder="Its address, as your browser shows it"
            leftSection={<IconWorld size={16} />}
            type="url"
            required
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" loading={add.isPending}>
            Add page
          </Button>
        </Group>
        <Group gap="sm">
          <Checkbox
            size="xs"
            label="The whole site: pages that its site map names or the page links to"
            checked={wholeSite}
            onChange={(event) => setWholeSite(event.currentTarget.checked)}
          />
          <NativeSelect
            size="xs"
            aria-label="How often it is fetched again"
            data={PERIODS.map(({ value, label }) => ({ value, label: `Fetch again: ${label.toLowerCase()}` }))}
            value={period}
            onChange={(event) => {
              const chosen = event.currentTarget.value;
              if (isPeriod(chosen)) setPeriod(chosen);
            }}
          />
          {wholeSite && (
            <NumberInput
              size="xs"
              w={130}
              aria-label="The most pages"
              suffix=" pages"
              min={1}
              max={200}
              allowDecimal={false}
              value={limit}
              onChange={(value) => setLimit(typeof value === 'number' ? value : 20)}
            />
          )}
        </Group>
        {add.isError && <ProblemNotice error={add.error} />}
        {add.data !== undefined && (
          <Text fz="sm" c="dimmed" role="status">
            {formatCount(add.data.accepted.length, 'page was', 'pages were')} added
            {add.data.already_there.length > 0 && `, ${add.data.already_there.length} were there already`}
            {add.data.refused.length > 0 && `; not taken: ${add.data.refused.map(({ name, detail }) => `${name} (${detail})`).join(', ')}`}
            .
          </Text>
        )}
      </Stack>
    </form>
  );
}
