/** What a person fills in to publish, and whether it adds up. */

export type Role = 'author' | 'data' | 'model';

export interface ShareDraft {
  address: string;
  /** In percent, as typed. */
  percent: number;
  role: Role;
}

export interface PublicationDraft {
  slug: string;
  notes: string;
  /** `null` where this way of paying is not offered. */
  perAnswer: number | null;
  forTime: { price: number; days: number } | null;
  shares: readonly ShareDraft[];
}

export interface Publication {
  slug: string | null;
  notes: string;
  terms: { kind: 'metered' | 'time'; price: number; duration_s?: number }[];
  shares: { address: string; share_bps: number; role: Role }[];
}

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/** A name for addresses, made of a name for people: "My Agent!" is `my-agent`. */
export function slugOf(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 63).replace(/-+$/, '');
}

/** Hundredths of a percent that all shares together come to; 10,000 is everything. */
export function sumOfShares(shares: readonly ShareDraft[]): number {
  return shares.reduce((sum, { percent }) => sum + Math.round(percent * 100), 0);
}

/** The shares with one more: it gets what was left over, or else up to a tenth out of the largest. */
export function withContributor(shares: readonly ShareDraft[]): ShareDraft[] {
  const rest = Math.max(0, (10_000 - sumOfShares(shares)) / 100);
  if (rest > 0) return [...shares, { address: '', percent: rest, role: 'data' }];
  const largest = shares.reduce((best, { percent }, index) => (percent > (shares[best]?.percent ?? 0) ? index : best), 0);
  const taken = Math.min(10, Math.floor((shares[largest]?.percent ?? 0) / 2));
  return [
    ...shares.map((share, index) => (index === largest ? { ...share, percent: share.percent - taken } : share)),
    { address: '', percent: taken, role: 'data' },
  ];
}

/** What keeps the draft from being published, in words; empty when nothing does. */
export function faultsOf(draft: PublicationDraft): string[] {
  const faults: string[] = [];
  if (!SLUG.test(draft.slug)) faults.push('The address may have small letters, digits and dashes, such as my-agent.');
  if (draft.perAnswer === null && draft.forTime === null) faults.push('Offer at least one way to pay.');
  if (draft.forTime !== null && !(draft.forTime.days > 0)) faults.push('A time license lasts at least part of a day.');
  if (draft.shares.some(({ address }) => !ADDRESS.test(address.trim()))) {
    faults.push('Each share needs a wallet address: 0x and forty digits or letters from a to f.');
  }
  if (draft.shares.some(({ percent }) => Math.round(percent * 100) < 1)) faults.push('Each share is at least 0.01 %.');
  const sum = sumOfShares(draft.shares);
  if (draft.shares.length > 0 && sum !== 10_000) {
    const rest = (10_000 - sum) / 100;
    faults.push(rest > 0 ? `The shares leave ${rest} % to nobody.` : `The shares are ${-rest} % too much.`);
  }
  return faults;
}

export function publicationOf(draft: PublicationDraft): Publication {
  return {
    slug: draft.slug,
    notes: draft.notes,
    terms: [
      ...(draft.perAnswer === null ? [] : [{ kind: 'metered' as const, price: draft.perAnswer }]),
      ...(draft.forTime === null
        ? []
        : [{ kind: 'time' as const, price: draft.forTime.price, duration_s: Math.round(draft.forTime.days * 86_400) }]),
    ],
    shares: draft.shares.map(({ address, percent, role }) => ({
      address: address.trim(),
      share_bps: Math.round(percent * 100),
      role,
    })),
  };
}
