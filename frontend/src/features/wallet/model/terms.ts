/** What a license costs and gives, in words. */
import { formatDuration, formatMoney, type CurrencyFormat } from '~/ui/format';

export interface TermsShape {
  kind: string;
  price: number;
  duration_s: number | null;
  max_call_price: number;
}

/** "0.01 QUSD per answer" or "5.00 QUSD for 30 days". */
export function termsInWords(terms: TermsShape, currency: CurrencyFormat): string {
  if (terms.kind === 'metered') return `${formatMoney(terms.max_call_price, currency)} per answer`;
  const length = terms.duration_s === null ? 'for good' : `for ${formatDuration(terms.duration_s)}`;
  return terms.price === 0 ? `Free ${length}` : `${formatMoney(terms.price, currency)} ${length}`;
}

/** The budget to suggest for a metered license: a hundred answers, or what is free. */
export function suggestedDeposit({ max_call_price }: TermsShape): number {
  return max_call_price * 100;
}

/** What leaves the wallet at purchase. */
export function dueNow(terms: TermsShape, deposit: number): number {
  return terms.price + (terms.kind === 'metered' ? deposit : 0);
}

/** How many answers a budget still pays for. */
export function answersLeft(available: number, { max_call_price }: TermsShape): number {
  return max_call_price === 0 ? Infinity : Math.floor(available / max_call_price);
}
