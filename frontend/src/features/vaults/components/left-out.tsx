/** What a search found too but does not show as a passage of its own, and why. */
import { Button, Text } from '@mantine/core';
import { useState } from 'react';

import type { LeftOut as Left, Passage } from '~/api/types';
import { formatCount } from '~/ui/format';

import { whyLeftOut } from '../model/relevance';
import { Disclosure } from './disclosure';
import { RankList } from './found-passage';
import classes from './try-search.module.css';

const SHOWN = 10;

export function LeftOut({ leftOut, passages }: { leftOut: readonly Left[]; passages: readonly Passage[] }) {
  const [shown, setShown] = useState(SHOWN);
  if (leftOut.length === 0) return null;
  return (
    <Disclosure label={`What was left out, and why: ${formatCount(leftOut.length, 'place')}`}>
      <ol className={classes.leftOut} aria-label="Left out">
        {leftOut.slice(0, shown).map((left) => (
          <li key={left.passage_id}>
            <Text fz="sm" className={classes.name}>
              <strong>{left.document}</strong>
              {left.page !== null && `, page ${left.page}`}
              {left.heading !== '' && ` · ${left.heading}`}
            </Text>
            <Text fz="sm" c="dimmed">
              {whyLeftOut(left, passages)}
            </Text>
            <Disclosure label="Its places">
              <RankList ranks={left.ranks} />
            </Disclosure>
          </li>
        ))}
      </ol>
      {leftOut.length > shown && (
        <Button variant="default" size="xs" mt="xs" onClick={() => setShown(leftOut.length)}>
          Show all {leftOut.length}
        </Button>
      )}
    </Disclosure>
  );
}
