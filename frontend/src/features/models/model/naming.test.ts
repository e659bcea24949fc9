import { suggestedName } from './naming';

test.each([
  ['Qwen2.5-3B-Instruct.Q4_K_M.gguf', 'qwen2.5-3b-instruct.q4_k_m'],
  ['llama3.1:8b', 'llama3.1-8b'],
  ['Моя модель', ''],
  ['--x--', 'x'],
])('a name that graphs can keep is made of %s', (title, name) => {
  expect(suggestedName(title)).toBe(name);
});
