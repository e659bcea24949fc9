/** An error in words: what happened, what to do next, and a way to try again. */
import { Alert, Button, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle } from '@tabler/icons-react';

import { asProblem } from '~/api/problem';

interface ProblemNoticeProps {
  error: unknown;
  onRetry?: () => void;
}

export function ProblemNotice({ error, onRetry }: ProblemNoticeProps) {
  const problem = asProblem(error);
  return (
    <Alert role="alert" color="red" variant="light" radius="md" icon={<IconAlertTriangle />} title={problem.title}>
      <Text fz="sm">{problem.detail}</Text>
      {onRetry !== undefined && (
        <Button mt="sm" size="xs" variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}

/** Tells of an error that has no place of its own on the page. */
export function notifyProblem(error: unknown): void {
  const problem = asProblem(error);
  notifications.show({ color: 'red', title: problem.title, message: problem.detail, autoClose: 8000 });
}
