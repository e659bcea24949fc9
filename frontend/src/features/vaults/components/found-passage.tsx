/** A passage that a search found, and on demand the place that each stage of the search gave it. */
import { Anchor, Group, Paper, Text } from '@mantine/core';
import { useId } from '@mantine/hooks';
import { Link } from 'react-router';

import type { Passage, Ranks } from '~/api/types';

import { rankInWords, STAGES } from '../model/relevance';
import { Disclosure } from './disclosure';
import classes from './try-search.module.css';

export function FoundPassage({ passage, number }: { passage: Passage; number: number }) {
  return (
    <Paper p="md">
      <Group gap="xs" mb={6} wrap="nowrap" align="baseline">
        <Text fz="sm" c="dimmed" style={{ fontVariantNumeric: 'tabular-nums' }}>
          {number}
        </Text>
        <Anchor
          component={Link}
          to={`/documents/${passage.document_id}?start=${passage.start}&end=${passage.end}`}
          fz="sm"
          fw={550}
          className={classes.name}
        >
          {passage.document}
          {passage.page !== null && `, page ${passage.page}`}
        </Anchor>
      </Group>
      {passage.heading !== '' && (
        <Text fz="xs" c="dimmed" mb={2}>
          {passage.heading}
        </Text>
      )}
      <Text fz="sm" className={classes.text} lineClamp={8}>
        {passage.text}
      </Text>
      <Disclosure label="Why this place?">
        <RankList ranks={passage.ranks} />
        <Text fz="sm" c="dimmed">
          Score {passage.score.toFixed(3)}; nearness in meaning {passage.similarity.toFixed(3)}.
          {passage.joined > 1 && ` Made of ${passage.joined} chunks that follow each other.`}
          {passage.also_in.length > 0 &&
            ` The same words also stand in ${passage.also_in.map(({ document }) => document).join(', ')}.`}
        </Text>
      </Disclosure>
    </Paper>
  );
}

export function RankList({ ranks }: { ranks: Ranks }) {
  const id = useId();
  return (
    <dl className={classes.ranks}>
      {STAGES.filter(({ stage }) => stage !== 'rerank' || ranks.rerank !== null).map(({ stage, label, help }) => (
        <div key={stage}>
          <dt aria-describedby={`${id}-${stage}`}>{label}</dt>
          <dd>
            <strong>{rankInWords(ranks[stage], stage)}</strong>
            <span id={`${id}-${stage}`}> {help}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
