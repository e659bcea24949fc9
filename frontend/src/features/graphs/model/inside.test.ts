import { canConnect } from './connect';
import { useEditor } from './editor-store';
import { remove } from './graph';
import { FRAME, frameSizes, moveInside } from './inside';
import { after, roundsOf, startRun, stepOf, timesOf } from './run-view';
import { KINDS, aGraph } from './test-graph';

const at = (text: string) => {
  const [node = '', socket = ''] = text.split('.');
  return { node, socket };
};
const GRAPH = aGraph(
  ['start', 'each:for_each', 'each/search:search_documents', 'answer'],
  ['start.question > each.list', 'each.item > search.question', 'search.passages > each.result', 'each.text > answer.value'],
);
const FRESH = { ...GRAPH, edges: [] };

test('a step inside takes the item, leads back its result, and may use what is outside', () => {
  for (const [from, to] of [['each.item', 'search.question'], ['search.passages', 'each.result'], ['start.question', 'search.question']] as const) {
    expect(canConnect(FRESH, KINDS, at(from), at(to)), from).toBeNull();
  }
});

test('a value leaves only through the result, and the item stays inside', () => {
  expect(canConnect(FRESH, KINDS, at('search.passages'), at('answer.value'))).toContain('lead it to “Result”');
  expect(canConnect(FRESH, KINDS, at('each.item'), at('answer.value'))).toContain('Only the steps inside');
  expect(canConnect(FRESH, KINDS, at('start.question'), at('each.result'))).toContain('put “Start” inside first');
});

test('what waits for a frame cannot be used inside it', () => {
  const graph = aGraph(
    ['start', 'each:for_each', 'each/search:search_documents', 'after:if_otherwise'],
    ['each.text > after.value'],
  );
  expect(canConnect(graph, KINDS, at('after.then'), at('search.question'))).toContain('wait for each other');
});

test('a step that is taken out loses the wires that no longer fit, and keeps the others', () => {
  const out = moveInside(GRAPH, KINDS, 'search', null, { x: 0, y: 0 });
  expect(out.edges.map(({ source, target }) => `${source.node} > ${target.node}`)).toEqual(['start > each', 'each > answer']);
  expect(out.nodes[2]).not.toHaveProperty('parent');
});

test('deleting a frame deletes what is inside', () => {
  expect(remove(GRAPH, { nodes: ['each'] }).nodes.map(({ id }) => id)).toEqual(['start', 'answer']);
});

test('a frame is as large as what is inside it', () => {
  const nodes = GRAPH.nodes.map((node) => (node.id === 'search' ? { ...node, position: { x: 900, y: 300 } } : node));
  const known = new Map([['search', { width: 200, height: 100 }]]);
  expect(frameSizes({ ...GRAPH, nodes }, KINDS, known).get('each')).toEqual({ width: 900 + 200 + FRAME.right, height: 300 + 100 + FRAME.below });
});

test('a step is dragged into a frame and out again, and a click adds into the frame that is chosen', () => {
  const graph = { ...aGraph(['start', 'each:for_each', 'search:search_documents']), edges: [] };
  const editor = useEditor.getState();
  editor.open({ id: 'a1', graph, revision: 1, problems: [] }, [...KINDS.values()]);
  const drag = (x: number, y: number) => {
    useEditor.getState().onNodesChange([{ type: 'position', id: 'search', position: { x, y }, dragging: false }]);
    useEditor.getState().takePositions();
    return useEditor.getState().history.present.nodes.find(({ id }) => id === 'search');
  };
  expect(drag(500, 250)).toMatchObject({ parent: 'each', position: { x: 500 - 280, y: 250 } });
  expect(drag(220, 900)).not.toHaveProperty('parent');
  useEditor.getState().select('each');
  const kind = KINDS.get('if_otherwise');
  if (kind !== undefined) useEditor.getState().add(kind);
  expect(useEditor.getState().history.present.nodes.at(-1)).toMatchObject({ kind: 'if_otherwise', parent: 'each' });
  useEditor.getState().select('each');
  const answer = KINDS.get('answer');
  if (answer !== undefined) useEditor.getState().add(answer);
  expect(useEditor.getState().history.present.nodes.at(-1)).not.toHaveProperty('parent');
});

test('a run tells the rounds of a step apart, and a round that failed does not fail the others', () => {
  const round = (number: number) => [{ node_id: 'each', number }];
  const run = [
    { event: 'node.started', data: { node_id: 'each', kind: 'for_each', title: 'Each' } } as const,
    { event: 'node.started', data: { node_id: 'ask', kind: 'ask_model', title: 'Ask', inside: round(1) } } as const,
    { event: 'node.started', data: { node_id: 'ask', kind: 'ask_model', title: 'Ask', inside: round(2) } } as const,
    { event: 'node.finished', data: { node_id: 'ask', kind: 'ask_model', took_ms: 5, output: {}, detail: {}, inside: round(2) } } as const,
    { event: 'node.recovered', data: { node_id: 'each', kind: 'for_each', by: 'left_out', code: 'x', message: 'Busy.', inside: round(1) } } as const,
  ].reduce(after, startRun('?'));
  const each = stepOf(run, 'each');
  if (each === undefined) throw new Error('it ran');
  expect(roundsOf(run, each).map(({ number, steps }) => [number, steps.map(({ state }) => state)])).toEqual([[1, ['failed']], [2, ['done']]]);
  expect(each).toMatchObject({ state: 'running', troubles: ['Number 1 failed: Busy.'] });
  expect(timesOf(run, 'ask')).toBe(2);
});
