/** A field for an amount: people type units, the value is in the smallest unit. */
import { Text, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';

import { useCurrency } from './currency';
import { editableMoney, parseMoney } from './format';

interface MoneyInputProps {
  label: string;
  description?: ReactNode;
  /** `null` while what stands in the field is no amount. */
  value: number | null;
  onChange: (value: number | null) => void;
}

export function MoneyInput({ label, description, value, onChange }: MoneyInputProps) {
  const { symbol, decimals } = useCurrency();
  const [text, setText] = useState(value === null ? '' : editableMoney(value, decimals));
  return (
    <TextInput
      label={label}
      description={description}
      inputMode="decimal"
      value={text}
      error={value === null ? `Write an amount such as 1.50, with at most ${decimals} decimals.` : undefined}
      rightSection={
        <Text fz="xs" c="dimmed">
          {symbol}
        </Text>
      }
      rightSectionWidth={64}
      onChange={(event) => {
        setText(event.currentTarget.value);
        onChange(parseMoney(event.currentTarget.value, decimals));
      }}
    />
  );
}
