/** How long the chunks are that a vault's documents are cut into: seen before it is changed, watched while it changes. */
import { Button, Group, NumberInput, Paper, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import type { Chunking, ChunkingChoices, Vault } from '~/api/types';
import { formatCount } from '~/ui/format';
import { Section } from '~/ui/page';
import { ProblemNotice } from '~/ui/problem-notice';
import { QueryView } from '~/ui/query-view';

import { chunkingChoicesQuery, useCutAnew } from '../api/chunking';
import { aboutWords, isSameCut, isWithin } from '../model/cutting';
import { ChunkPreview } from './chunk-preview';
import { RecutStatus } from './recut-status';

export function ChunkSettings({ vault }: { vault: Vault }) {
  const choices = useQuery(chunkingChoicesQuery);
  return <QueryView query={choices}>{(found) => <Settings vault={vault} choices={found} />}</QueryView>;
}

function Settings({ vault, choices: { recommended, least, most } }: { vault: Vault; choices: ChunkingChoices }) {
  const [chosen, setChosen] = useState(vault.chunking);
  const cut = useCutAnew(vault.id);
  const usable = isWithin(chosen, least, most);
  const changed = !isSameCut(chosen, vault.chunking);
  return (
    <>
      <Section
        title="How documents are cut"
        description="A search finds chunks of documents, not whole documents. The recommended sizes were measured best on real documents: change them when answers quote too much, or too little."
      >
        <Paper p="md">
          <form
            onSubmit={(event) => {
              event.preventDefault();
              cut.mutate(chosen);
            }}
          >
            <Stack>
              <Sizes chosen={chosen} least={least} most={most} onChange={setChosen} />
              {cut.isError && <ProblemNotice error={cut.error} />}
              <Group gap="sm">
                {changed && (
                  <Button type="submit" loading={cut.isPending} disabled={!usable}>
                    Save and cut anew
                  </Button>
                )}
                {!changed && vault.document_count > 0 && (
                  <Button variant="default" loading={cut.isPending} onClick={() => cut.mutate(chosen)}>
                    Cut what is not cut like this
                  </Button>
                )}
                {changed && (
                  <Button variant="default" onClick={() => setChosen(vault.chunking)}>
                    Undo
                  </Button>
                )}
                {!isSameCut(chosen, recommended) && (
                  <Button variant="subtle" onClick={() => setChosen(recommended)}>
                    Back to the recommended
                  </Button>
                )}
              </Group>
              <Text fz="sm" c="dimmed" role="status">
                {toldOf({ changed, usable, count: vault.document_count, isRecommended: isSameCut(chosen, recommended) })}
              </Text>
              <RecutStatus vaultId={vault.id} />
            </Stack>
          </form>
        </Paper>
      </Section>
      {vault.document_count > 0 && (
        <Section
          title="What that looks like"
          description="One of your documents, cut as it is now and as these settings would cut it. Looking changes nothing."
        >
          <ChunkPreview vaultId={vault.id} chunking={usable ? chosen : vault.chunking} />
        </Section>
      )}
    </>
  );
}

interface SizesProps {
  chosen: Chunking;
  least: Chunking;
  most: Chunking;
  onChange: (chunking: Chunking) => void;
}

function Sizes({ chosen, least, most, onChange }: SizesProps) {
  return (
    <Group align="flex-start" gap="lg">
      <Size
        label="Length of a chunk"
        unit="characters"
        description={`The most that it has: about ${aboutWords(chosen.characters)} words. Shorter finds more exactly, longer keeps together what belongs together.`}
        step={100}
        value={chosen.characters}
        min={least.characters}
        max={most.characters}
        onChange={(characters) => onChange({ ...chosen, characters })}
      />
      <Size
        label="Repeated from the one before"
        unit="%"
        description="So that words at a border are whole in one of the two. 0 repeats nothing."
        step={1}
        value={Math.round(chosen.overlap * 100)}
        min={Math.round(least.overlap * 100)}
        max={Math.round(most.overlap * 100)}
        onChange={(percent) => onChange({ ...chosen, overlap: percent / 100 })}
      />
      <Size
        label="Read around it"
        unit="characters"
        description={`When a chunk is found, an agent can read up to about ${aboutWords(chosen.parent_characters)} words of the section that it stands in.`}
        step={400}
        value={chosen.parent_characters}
        min={least.parent_characters}
        max={most.parent_characters}
        onChange={(characters) => onChange({ ...chosen, parent_characters: characters })}
      />
    </Group>
  );
}

interface SizeProps {
  label: string;
  unit: string;
  description: string;
  step: number;
  value: number;
  min: number;
  max: number;
  onChange: (value: number) => void;
}

function Size({ label, unit, description, step, value, min, max, onChange }: SizeProps) {
  const outside = value < min || value > max;
  return (
    <NumberInput
      style={{ flex: '1 1 13rem' }}
      label={label}
      description={description}
      inputWrapperOrder={['label', 'input', 'error', 'description']}
      error={outside ? `Between ${min} and ${max}.` : undefined}
      suffix={` ${unit}`}
      thousandSeparator=","
      allowDecimal={false}
      allowNegative={false}
      step={step}
      min={min}
      max={max}
      clampBehavior="none"
      value={value}
      onChange={(typed) => onChange(typeof typed === 'number' ? typed : 0)}
    />
  );
}

interface Choice {
  changed: boolean;
  usable: boolean;
  count: number;
  isRecommended: boolean;
}

function toldOf({ changed, usable, count, isRecommended }: Choice): string {
  if (!usable) return 'One of the sizes cannot be used.';
  if (!changed) {
    const whose = isRecommended ? 'These are the recommended sizes.' : 'These are your own sizes.';
    return count === 0 ? whose : `${whose} Documents that are cut like this already are left alone.`;
  }
  if (count === 0) return 'Documents that you add will be cut like this.';
  return `${formatCount(count, 'document')} will be cut and understood anew, one after the other, in the background. Each is found as before until its turn has come.`;
}
