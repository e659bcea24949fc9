/** The currency that amounts are in: known once the session is. */
import { createContext, use } from 'react';

import { formatMoney, type CurrencyFormat } from './format';

const CurrencyContext = createContext<CurrencyFormat>({ symbol: '', decimals: 6 });

export const CurrencyProvider = CurrencyContext.Provider;

export function useCurrency(): CurrencyFormat {
  return use(CurrencyContext);
}

export function Money({ amount }: { amount: number }) {
  return <span style={{ fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}>{formatMoney(amount, useCurrency())}</span>;
}
