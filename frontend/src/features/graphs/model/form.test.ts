import { fieldsOf, newRow, shownFields } from './form';

test('each shape of setting becomes the field that suits it', () => {
  const fields = fieldsOf({
    type: 'object',
    properties: {
      vaults: { type: 'array', items: { type: 'string' }, format: 'vaults', title: 'Vaults', default: [] },
      prompt: { type: 'string', format: 'template', maxLength: 8000, title: 'Prompt' },
      condition: { type: 'string', format: 'condition', title: 'Condition' },
      role: { type: 'string', maxLength: 2000, title: 'Role' },
      label: { type: 'string', maxLength: 80, title: 'Label' },
      limit: { type: 'integer', minimum: 1, maximum: 50, default: 6, title: 'Passages', description: 'How many.' },
      temperature: { type: 'number', minimum: 0, maximum: 2 },
      strict: { type: 'boolean', title: 'Strict' },
      anything: { type: 'object' },
    },
  });
  expect(fields.map(({ name, control }) => [name, control])).toEqual([
    ['vaults', 'vaults'],
    ['prompt', 'template'],
    ['condition', 'condition'],
    ['role', 'long-text'],
    ['label', 'text'],
    ['limit', 'number'],
    ['temperature', 'number'],
    ['strict', 'switch'],
    ['anything', 'unknown'],
  ]);
  expect(fields[5]).toMatchObject({ title: 'Passages', description: 'How many.', min: 1, max: 50, isWhole: true, fallback: 6 });
  expect(fields[6]).toMatchObject({ title: 'temperature', isWhole: false });
});

test('a choice is offered in words, also through a reference and where it may be left out', () => {
  const [tone, length] = fieldsOf({
    $defs: { Tone: { type: 'string', enum: ['very_formal', 'plain'] } },
    properties: {
      tone: { $ref: '#/$defs/Tone', default: 'plain', title: 'Tone' },
      length: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }], title: 'Length' },
    },
  });
  expect(tone).toMatchObject({
    control: 'choice',
    title: 'Tone',
    fallback: 'plain',
    options: [
      { value: 'very_formal', label: 'Very formal' },
      { value: 'plain', label: 'Plain' },
    ],
  });
  expect(length).toMatchObject({ control: 'number', min: 1 });
});

test('a field is hidden while another setting makes it say nothing', () => {
  const fields = fieldsOf({
    properties: {
      send: { enum: ['nothing', 'json'], default: 'nothing' },
      body: { type: 'string', hidden_if: { send: ['nothing'] } },
    },
  });
  const names = (settings: Record<string, unknown>) => shownFields(fields, settings).map(({ name }) => name);
  expect(names({})).toEqual(['send']);
  expect(names({ send: 'json' })).toEqual(['send', 'body']);
});

test('a kind without settings has no fields', () => {
  expect(fieldsOf({ type: 'object' })).toEqual([]);
});

test('a list of rows is a form for each row', () => {
  const [field] = fieldsOf({
    properties: { values: { type: 'array', format: 'rows', maxItems: 20, items: { $ref: '#/$defs/Row' }, title: 'Values' } },
    $defs: { Row: { properties: { name: { type: 'string', title: 'Name', default: 'value' }, type: { enum: ['text', 'number'], default: 'text' } } } },
  });
  expect(field).toMatchObject({ control: 'rows', most: 20, fields: [{ control: 'text', title: 'Name' }, { control: 'choice' }] });
  expect(field?.control === 'rows' && newRow(field.fields)).toEqual({ name: 'value', type: 'text' });
});

test('a new row gets an id that no other row has', () => {
  const [field] = fieldsOf({
    properties: { branches: { type: 'array', format: 'rows', items: { properties: { id: { type: 'string', format: 'row-id', default: 'then' } } } } },
  });
  if (field?.control !== 'rows') throw new Error('no rows');
  expect(newRow(field.fields, [{ id: 'then' }, { id: 'row-1' }])).toEqual({ id: 'row-2' });
});
