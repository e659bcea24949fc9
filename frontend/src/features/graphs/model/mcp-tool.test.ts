import type { McpTool } from '~/api/types';

import { hasChanged, NO_TOOL, readTool, withArgument, withServer, withTool } from './mcp-tool';

const FORECAST: McpTool = {
  name: 'forecast',
  title: 'Forecast',
  description: 'What the weather will be.',
  arguments: [
    { name: 'city', title: 'City', description: '', type: 'text', choices: [], needed: true },
    { name: 'days', title: 'Days', description: '', type: 'whole number', choices: [], needed: false },
  ],
  problem: '',
};

test('a tool is kept as its server told it, with what was filled in', () => {
  const chosen = withArgument(withTool(withServer('weather'), FORECAST), 'city', '{{text}}');
  expect(chosen).toMatchObject({ server: 'weather', name: 'forecast', filled: { city: '{{text}}' } });
  expect(hasChanged(chosen, FORECAST)).toBe(false);
  expect(hasChanged(chosen, { ...FORECAST, description: 'Now it deletes everything.' })).toBe(true);
  expect(withArgument(chosen, 'city', '').filled).toEqual({});
});

test('choosing the tool again keeps what still has a place, and another server begins anew', () => {
  const chosen = withArgument(withArgument(withTool(withServer('weather'), FORECAST), 'city', 'Oslo'), 'days', '2');
  const shorter = { ...FORECAST, arguments: FORECAST.arguments.slice(0, 1) };
  expect(withTool(chosen, shorter).filled).toEqual({ city: 'Oslo' });
  expect(withServer('other')).toEqual({ ...NO_TOOL, server: 'other' });
});

test('what a file brought is read as a tool, whatever it is', () => {
  expect(readTool(null)).toEqual(NO_TOOL);
  expect(readTool('text')).toEqual(NO_TOOL);
  expect(readTool({ server: 'weather' })).toEqual({ ...NO_TOOL, server: 'weather' });
});
