/** The ways to license an agent: the first click of two. */
import { Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconClockHour4, IconGauge } from '@tabler/icons-react';
import { useState } from 'react';

import type { Terms } from '~/api/types';
import { useCurrency } from '~/ui/currency';

import { termsInWords } from '../model/terms';
import { BuyDialog } from './buy-dialog';

interface OffersProps {
  agentName: string;
  terms: readonly Terms[];
  wallet: 'managed' | 'external';
  onBought?: () => void;
  /** Where one may ask already, buying is not the main thing. */
  isQuiet?: boolean;
  /** One's own agent needs no license: its terms are only shown. */
  isOwn?: boolean;
}

export function Offers({ agentName, terms, wallet, onBought, isQuiet = false, isOwn = false }: OffersProps) {
  const currency = useCurrency();
  const [chosen, setChosen] = useState<Terms | null>(null);
  return (
    <>
      <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Offers">
        {terms.map((offer) => (
          <Paper component="li" key={offer.terms_id} p="md">
            <Group justify="space-between" wrap="nowrap" gap="md">
              <Group gap="sm" wrap="nowrap">
                {offer.kind === 'metered' ? (
                  <IconGauge size={22} stroke={1.5} style={{ flex: 'none' }} aria-hidden />
                ) : (
                  <IconClockHour4 size={22} stroke={1.5} style={{ flex: 'none' }} aria-hidden />
                )}
                <div>
                  <Text fw={600}>{termsInWords(offer, currency)}</Text>
                  <Text fz="sm" c="dimmed">
                    {offer.kind === 'metered'
                      ? 'Set a budget; each answer is taken from it. What you do not use stays yours.'
                      : 'Pay once and ask as often as you like until it ends.'}
                  </Text>
                </div>
              </Group>
              {!isOwn && (
                <Button
                  variant={isQuiet ? 'default' : 'filled'}
                  onClick={() => setChosen(offer)} aria-label={`Choose ${termsInWords(offer, currency)}`} flex="none">
                  Choose
                </Button>
              )}
            </Group>
          </Paper>
        ))}
      </Stack>
      {chosen !== null && (
        <BuyDialog
          agentName={agentName}
          terms={chosen}
          wallet={wallet}
          onClose={() => setChosen(null)}
          onBought={() => {
            setChosen(null);
            onBought?.();
          }}
        />
      )}
    </>
  );
}
