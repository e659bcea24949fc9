// What a first visit to a page downloads: the gzip size of its JavaScript, with everything it imports.
// Fails when a page grows past its limit.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const limits = [
  ['chat', 'src/app/pages/chat-page.tsx', 250],
  ['editor', 'src/app/pages/editor-page.tsx', 600],
];

function filesOf(key, seen = new Set()) {
  const entry = manifest[key];
  if (seen.has(entry.file)) return seen;
  seen.add(entry.file);
  for (const next of entry.imports ?? []) filesOf(next, seen);
  return seen;
}
const weigh = (files) =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0) / 1000;

let tooBig = false;
const shell = filesOf('index.html');
console.log(`first load, gzip: shell ${weigh(shell).toFixed(0)} kB`);
for (const [name, entry, limit] of limits) {
  const frame = ['src/app/pages/signed-in.tsx', ...(name === 'editor' ? [] : ['src/app/shell.tsx'])];
  const size = weigh(new Set([...shell, ...[...frame, entry].flatMap((key) => [...filesOf(key)])]));
  console.log(`first load, gzip: ${name} ${size.toFixed(0)} kB of ${limit} kB`);
  if (size > limit) tooBig = true;
}
if (tooBig) process.exit(1);
