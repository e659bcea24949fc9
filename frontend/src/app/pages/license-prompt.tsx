/** What is missing before an agent answers, and the way to get it. */
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';

import type { CatalogueEntry } from '~/api/types';
import { Offers } from '~/features/wallet/components/offers';
import { TopUpDialog } from '~/features/wallet/components/license-list';
import { answersLeft, termsInWords } from '~/features/wallet/model/terms';
import { useCurrency } from '~/ui/currency';
import { formatCount, formatRelative } from '~/ui/format';

import { useWalletKind } from '../person';

interface LicensePromptProps {
  entry: CatalogueEntry;
  /** Asks the question again, once there is a license. */
  onReady?: () => void;
}

export function LicensePrompt({ entry, onReady }: LicensePromptProps) {
  const wallet = useWalletKind();
  const [toppingUp, setToppingUp] = useState(false);
  const license = entry.my_license;
  const isUsedUp = license?.state === 'active' && license.budget !== null;
  return (
    <Stack gap="sm">
      {isUsedUp && (
        <Alert color="yellow" title="The budget of your license is used up">
          <Group justify="space-between">
            <Text fz="sm">Top it up and ask on; nothing of this conversation is lost.</Text>
            <Button size="xs" onClick={() => setToppingUp(true)}>
              Top up
            </Button>
          </Group>
        </Alert>
      )}
      {!isUsedUp && <Offers agentName={entry.name} terms={entry.terms} wallet={wallet} {...(onReady && { onBought: onReady })} />}
      {toppingUp && license !== null && (
        <TopUpDialog
          license={license}
          wallet={wallet}
          onClose={() => {
            setToppingUp(false);
            onReady?.();
          }}
        />
      )}
    </Stack>
  );
}

/** What the next answer costs, said before it is asked for. */
export function PriceNote({ entry }: { entry: CatalogueEntry }) {
  const currency = useCurrency();
  const license = entry.my_license;
  if (entry.is_mine) return 'This agent is yours: asking it is free.';
  if (license?.state === 'pending') return 'Your license waits for the chain to confirm it.';
  if (license === null || license.state !== 'active') {
    const [first] = entry.terms;
    return first === undefined ? 'Not offered at present.' : `Needs a license: ${termsInWords(first, currency)}.`;
  }
  if (license.budget !== null) {
    const left = answersLeft(license.budget.available, license.terms);
    return `At most ${termsInWords(license.terms, currency)} · your budget is enough for ${formatCount(left, 'answer')}.`;
  }
  return license.expires_at === null
    ? 'Included in your license.'
    : `Included in your license, which ends ${formatRelative(license.expires_at)}.`;
}
