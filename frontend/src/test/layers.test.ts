/** The arrows between folders, read off the imports. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const SOURCE = resolve(import.meta.dirname, '..');

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

/** What a file imports, as paths within `src`, or package names. */
function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name = '']) => {
    if (name.startsWith('~/')) return name.slice(2);
    return name.startsWith('.') ? relative(SOURCE, resolve(path, '..', name)) : name;
  });
}

const FILES = [...sources(SOURCE)].map((path) => ({ path: relative(SOURCE, path), imports: importsOf(path) }));

test('features do not import features, nor the app', () => {
  const wrong = FILES.flatMap(({ path, imports }) => {
    const feature = /^features\/[^/]+\//.exec(path)?.[0];
    if (feature === undefined) return [];
    return imports
      .filter((name) => name.startsWith('app/') || (name.startsWith('features/') && !name.startsWith(feature)))
      .map((name) => `${path} imports ${name}`);
  });
  expect(wrong).toEqual([]);
  expect(FILES.some(({ imports }) => imports.some((name) => name.startsWith('ui/')))).toBe(true);
});

test('the plain pieces know no feature, and the way to the server knows no page', () => {
  const wrong = FILES.filter(({ path }) => /^(ui|api)\//.test(path)).flatMap(({ path, imports }) =>
    imports
      .filter((name) => /^(app|features)\//.test(name) || (path.startsWith('api/') && name.startsWith('ui/')))
      .map((name) => `${path} imports ${name}`),
  );
  expect(wrong).toEqual([]);
});

test('a model is TypeScript without React', () => {
  const wrong = FILES.filter(({ path }) => /\/model\//.test(path)).flatMap(({ path, imports }) =>
    imports.filter((name) => /^(react|react-dom|@mantine\/.*)$/.test(name)).map((name) => `${path} imports ${name}`),
  );
  expect(wrong).toEqual([]);
});

test('no page asks another host for anything', () => {
  const wrong = FILES.filter(({ path }) => !path.endsWith('.test.ts') && !path.endsWith('.test.tsx')).filter(({ path }) =>
    /['"`(]https?:\/\/(?!127\.0\.0\.1|localhost)/.test(readFileSync(join(SOURCE, path), 'utf8')),
  );
  expect(wrong.map(({ path }) => path)).toEqual([]);
});
