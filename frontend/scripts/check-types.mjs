// Fails when src/api/schema.d.ts is not what openapi.json generates. Mend with `npm run types`.
import { readFileSync } from 'node:fs';

import openapiTS, { astToString } from 'openapi-typescript';

const made = astToString(await openapiTS(new URL('../openapi.json', import.meta.url)));
const kept = readFileSync(new URL('../src/api/schema.d.ts', import.meta.url), 'utf8');
const body = (text) => text.slice(text.indexOf('export interface paths')).trim();
if (body(made) !== body(kept)) {
  console.error('src/api/schema.d.ts is older than openapi.json: run `npm run types` and commit it.');
  process.exit(1);
}
console.log('The API types match openapi.json.');
