import { toolNotesOn } from './tool-notes';

test('each use of a tool is told in words, with what the model filled in and what became of it', () => {
  const detail = {
    uses: [
      { tool: 'search_documents', arguments: { question: 'hives' }, outcome: 'done', text: '…' },
      { tool: 'order', arguments: { item: 'bread', count: 2 }, outcome: 'not allowed', text: '…' },
    ],
    ended: 'most uses reached',
  };
  expect(toolNotesOn(detail)).toEqual([
    '1. Used “search_documents” (question: hives): done.',
    '2. Used “order” (item: bread; count: 2): a person did not allow it.',
    'It had used its tools as often as it may, so it answered.',
  ]);
});

test('a request is told with its status, and other steps tell nothing of this', () => {
  const request = { method: 'GET', address: 'https://api.example.org/Oslo' };
  expect(toolNotesOn({ request, status: 200 })).toEqual(['Asked GET https://api.example.org/Oslo: status 200.']);
  expect(toolNotesOn({ server: 'weather', tool: 'forecast' })).toEqual(['Used “forecast” of the server “weather”.']);
  expect(toolNotesOn({ question: 'x' })).toEqual([]);
  expect(toolNotesOn(null)).toEqual([]);
});
