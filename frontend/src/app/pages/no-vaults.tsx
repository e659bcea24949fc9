import { Anchor, Text } from '@mantine/core';
import { Link } from 'react-router';

/** Said wherever vaults are chosen and there are none. */
export function NoVaults() {
  return (
    <Text fz="sm" c="dimmed">
      You have no vault yet.{' '}
      <Anchor component={Link} to="/vaults" fz="sm" underline="always">
        Make one and put documents in it
      </Anchor>
      , then choose it here.
    </Text>
  );
}
