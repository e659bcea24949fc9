/** Which of one's stored secrets goes along with a request. */
import { Anchor, Select, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import { secretNamesQuery } from '../api/outside';

interface SecretFieldProps {
  label: string;
  description: string | undefined;
  value: string;
  onChange: (value: string) => void;
}

export function SecretField({ label, description, value, onChange }: SecretFieldProps) {
  const secrets = useQuery(secretNamesQuery);
  const names = (secrets.data ?? []).map(({ name }) => name);
  const isGone = value !== '' && secrets.data !== undefined && !names.includes(value);
  return (
    <div>
      <Select
        label={label}
        description={description}
        data={[...names, ...(value !== '' && !names.includes(value) ? [value] : [])]}
        value={value === '' ? null : value}
        placeholder="None"
        clearable
        error={isGone ? `You have no secret called “${value}”: save one.` : undefined}
        onChange={(next) => onChange(next ?? '')}
      />
      <Text fz="xs" c="dimmed" mt={4}>
        <Anchor component={Link} to="/secrets" target="_blank" fz="xs" underline="always">
          Save a secret
        </Anchor>{' '}
        (opens beside this page)
      </Text>
    </div>
  );
}
