import type { TraceStep } from '~/api/types';

import { differs, ranksInWords, tokensOf } from './trace';

const aStep = (output: Record<string, unknown> | null): TraceStep => ({
  node_id: 'n',
  kind: 'ask_model',
  title: 'Ask',
  state: 'done',
  edited: false,
  settings: {},
  inputs: [],
  output,
  prompt: null,
  models: [
    { model: 'm', prompt_tokens: 10, completion_tokens: 2 },
    { model: 'm', prompt_tokens: 5, completion_tokens: 1 },
  ],
  detail: {},
  troubles: [],
  took_ms: 3,
  inside: [],
});

test('steps differ where they handed on something else, or only one run reached them', () => {
  const step = aStep({ text: { type: 'text', text: 'one' } });
  expect(differs(step, aStep({ text: { type: 'text', text: 'one' } }))).toBe(false);
  expect(differs(step, aStep({ text: { type: 'text', text: 'two' } }))).toBe(true);
  expect(differs(step, undefined)).toBe(true);
});

test('tokens of all times that a step asked are added up', () => {
  expect(tokensOf(aStep(null))).toEqual({ read: 15, written: 3 });
});

test('the places of a passage are said in words, those that it has', () => {
  expect(ranksInWords({ ranks: { keyword: 3, vector: null, fused: 1 } })).toBe('by words no. 3, together no. 1');
  expect(ranksInWords({})).toBe('');
});
