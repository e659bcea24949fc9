import { Button } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import { Link } from 'react-router';

import { EmptyState } from '~/ui/empty-state';
import { Page } from '~/ui/page';

export function MissingPage() {
  return (
    <Page title="Nothing here">
      <EmptyState
        icon={IconMapOff}
        title="There is no page at this address"
        action={
          <Button component={Link} to="/">
            Go home
          </Button>
        }
      >
        The address may be mistyped, or what it led to was deleted.
      </EmptyState>
    </Page>
  );
}
