import { reflow } from './reflow';

const LINE = 'A qanat is a gently sloping tunnel that leads groundwater';

test('a paragraph flows, and every offset still holds', () => {
  const text = `Heading\n${LINE}\nto the fields.\n\nNext paragraph.`;
  expect(reflow(text)).toBe(`Heading\n${LINE} to the fields.\n\nNext paragraph.`);
  expect(reflow(text)).toHaveLength(text.length);
});

test('lists, headings, tables and empty lines keep their breaks', () => {
  for (const next of ['- item', '* item', '# Heading', '| cell |', '1. item', '> quotation', '', '  indented']) {
    expect(reflow(`${LINE}\n${next}`)).toBe(`${LINE}\n${next}`);
  }
});
