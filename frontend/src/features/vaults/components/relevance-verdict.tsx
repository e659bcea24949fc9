/** Whether an agent would answer from what was found, said plainly, and on demand what decided. */
import { Alert, Text } from '@mantine/core';
import { IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';

import type { Relevance } from '~/api/types';

import { howClear, whatDecided } from '../model/relevance';
import { Disclosure } from './disclosure';

export function RelevanceVerdict({ relevance }: { relevance: Relevance }) {
  return (
    <Alert
      color={relevance.found ? 'water' : 'yellow'}
      icon={relevance.found ? <IconCircleCheck /> : <IconInfoCircle />}
      title={relevance.found ? 'An agent would answer from this' : 'An agent would say that it found nothing'}
    >
      <Text fz="sm">
        {relevance.reason}
        {!relevance.found && ' What comes nearest is shown all the same.'}
      </Text>
      <Disclosure label="What decided?">
        {[howClear(relevance), ...whatDecided(relevance)].map((sentence) => (
          <Text key={sentence} fz="sm">
            {sentence}
          </Text>
        ))}
      </Disclosure>
    </Alert>
  );
}
