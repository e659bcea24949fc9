/** What is seen before the first page is there, and when one fails. */
import { Button, Center, Loader, Stack } from '@mantine/core';
import { useRouteError } from 'react-router';

import { ProblemNotice } from '~/ui/problem-notice';

export function FirstPaint() {
  return (
    <Center mih="100dvh">
      <Loader aria-label="Loading" />
    </Center>
  );
}

export function PageFailed() {
  const error = useRouteError();
  return (
    <Center mih="60dvh" p="lg">
      <Stack maw={460}>
        <ProblemNotice error={error} />
        <Button variant="default" onClick={() => globalThis.location.reload()}>
          Load the page again
        </Button>
      </Stack>
    </Center>
  );
}
