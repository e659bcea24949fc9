/** Reads the JSON schema of a node kind's settings as the fields of a form. */
import { freeId } from './graph';

export type Control =
  | { control: 'text'; maxLength: number | null }
  | { control: 'long-text'; maxLength: number | null }
  | { control: 'template'; maxLength: number | null }
  | { control: 'condition'; maxLength: number | null }
  | { control: 'suggest'; suggestions: readonly string[]; maxLength: number | null }
  | { control: 'row-id' }
  | { control: 'number'; min: number | null; max: number | null; isWhole: boolean }
  | { control: 'switch' }
  | { control: 'choice'; options: readonly { value: string; label: string }[] }
  | { control: 'vaults' }
  | { control: 'secret' }
  | { control: 'mcp-tool' }
  | { control: 'model' }
  | { control: 'agent' }
  | { control: 'rows'; fields: readonly Field[]; most: number | null }
  | { control: 'unknown' };

export type Field = Control & {
  name: string;
  title: string;
  description: string;
  fallback: unknown;
  /** Settings beside this one, and the values of theirs that make it say nothing. */
  hiddenIf?: Readonly<Record<string, readonly unknown[]>>;
};

interface JsonSchema {
  type?: string | string[];
  format?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  examples?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  allOf?: JsonSchema[];
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  properties?: Record<string, JsonSchema>;
  hidden_if?: Record<string, unknown[]>;
}

const LONG_FROM = 500;

export function fieldsOf(settingsSchema: Record<string, unknown>): Field[] {
  const root = settingsSchema as JsonSchema;
  return fieldsIn(root, root);
}

function fieldsIn(shape: JsonSchema, root: JsonSchema): Field[] {
  return Object.entries(shape.properties ?? {}).map(([name, property]) => {
    const schema = resolve(property, root);
    return {
      name,
      title: property.title ?? schema.title ?? name,
      description: property.description ?? schema.description ?? '',
      fallback: property.default,
      ...(schema.hidden_if === undefined ? {} : { hiddenIf: schema.hidden_if }),
      ...controlOf(schema, root),
    };
  });
}

/** Follows references, and takes the one shape that is not null out of an optional one. */
function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const target = schema.$ref?.split('/').at(-1);
  if (target !== undefined) return { ...root.$defs?.[target], ...schema, $ref: undefined };
  const shapes = (schema.anyOf ?? schema.allOf ?? []).filter(({ type }) => type !== 'null');
  const [only] = shapes;
  if (only !== undefined && shapes.length === 1) {
    return { ...resolve(only, root), ...schema, anyOf: undefined, allOf: undefined };
  }
  return schema;
}

function controlOf(schema: JsonSchema, root: JsonSchema): Control {
  const options = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (options !== undefined) {
    return { control: 'choice', options: options.map((value) => ({ value: String(value), label: inWords(String(value)) })) };
  }
  const maxLength = schema.maxLength ?? null;
  switch (schema.type) {
    case 'string':
      if (schema.format === 'template') return { control: 'template', maxLength };
      if (schema.format === 'model') return { control: 'model' };
      if (schema.format === 'agent') return { control: 'agent' };
      if (schema.format === 'secret') return { control: 'secret' };
      if (schema.format === 'row-id') return { control: 'row-id' };
      if (schema.format === 'suggest') {
        return { control: 'suggest', suggestions: (schema.examples ?? []).map(String), maxLength };
      }
      if (schema.format === 'condition') return { control: 'condition', maxLength };
      return { control: maxLength !== null && maxLength >= LONG_FROM ? 'long-text' : 'text', maxLength };
    case 'integer':
    case 'number':
      return {
        control: 'number',
        min: schema.minimum ?? null,
        max: schema.maximum ?? null,
        isWhole: schema.type === 'integer',
      };
    case 'object':
      return schema.format === 'mcp-tool' ? { control: 'mcp-tool' } : { control: 'unknown' };
    case 'boolean':
      return { control: 'switch' };
    case 'array':
      if (schema.format === 'vaults') return { control: 'vaults' };
      if (schema.format === 'rows' && schema.items !== undefined) {
        return { control: 'rows', fields: fieldsIn(resolve(schema.items, root), root), most: schema.maxItems ?? null };
      }
      return { control: 'unknown' };
    default:
      return { control: 'unknown' };
  }
}

/** The fields that mean something with these settings; what is not set counts as what it begins with. */
export function shownFields(fields: readonly Field[], settings: Readonly<Record<string, unknown>>): readonly Field[] {
  const begins = new Map(fields.map(({ name, fallback }) => [name, fallback]));
  return fields.filter(({ hiddenIf = {} }) =>
    Object.entries(hiddenIf).every(([name, values]) => !values.includes(settings[name] ?? begins.get(name))),
  );
}

/** A new row with what its fields are to begin with, and an id that no other row has. */
export function newRow(fields: readonly Field[], rows: readonly Record<string, unknown>[] = []): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap(({ name, control, fallback }) => {
      if (control === 'row-id') return [[name, freeId('row', rows.map((row) => ({ id: row[name] as string })))]];
      return fallback === undefined ? [] : [[name, fallback]];
    }),
  );
}

function inWords(value: string): string {
  const words = value.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
