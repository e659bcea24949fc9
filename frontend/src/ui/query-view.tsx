/** A query's three faces: waiting, failed, there. */
import { Skeleton, Stack } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { ProblemNotice } from './problem-notice';

interface QueryViewProps<T> {
  query: UseQueryResult<T>;
  /** How many placeholder rows to show while waiting. */
  rows?: number;
  children: (data: T) => ReactNode;
}

export function QueryView<T>({ query, rows = 3, children }: QueryViewProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <Stack gap="sm" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={64} radius="lg" />
      ))}
    </Stack>
  );
}
