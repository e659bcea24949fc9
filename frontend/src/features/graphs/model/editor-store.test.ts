import { useEditor } from './editor-store';
import { KINDS, aGraph } from './test-graph';

beforeEach(() => {
  const graph = aGraph(['start', 'search:search_documents', 'answer'], ['start.question > search.question']);
  useEditor.getState().open({ id: 'a1', graph, revision: 3, problems: [] }, [...KINDS.values()]);
});

test('dragging a node is one step of history, and the graph takes its place', () => {
  const { onNodesChange, takePositions, undo } = useEditor.getState();
  for (const x of [10, 20, 30]) {
    onNodesChange([{ type: 'position', id: 'start', position: { x, y: 5 }, dragging: true }]);
  }
  expect(useEditor.getState().history.past).toHaveLength(0);
  takePositions();
  expect(useEditor.getState().history.present.nodes[0]?.position).toEqual({ x: 30, y: 5 });
  undo();
  expect(useEditor.getState().nodes[0]?.position).toEqual({ x: 0, y: 0 });
});

test('deleting a step takes its edges along, and undo brings both back', () => {
  const { remove, undo } = useEditor.getState();
  remove({ nodes: ['search'] });
  expect(useEditor.getState().edges).toHaveLength(0);
  undo();
  expect(useEditor.getState().edges).toHaveLength(1);
  expect(useEditor.getState().nodes.map(({ id }) => id)).toContain('search');
});

test('an edit waits to be saved, and a node that was not touched stays the same object', () => {
  const before = useEditor.getState().nodes[0];
  const kind = KINDS.get('answer');
  if (kind !== undefined) useEditor.getState().add(kind, { x: 1, y: 1 });
  expect(useEditor.getState().save.state).toBe('waiting');
  expect(useEditor.getState().nodes[0]).toBe(before);
});

test('selecting is no edit', () => {
  useEditor.getState().select('start');
  expect(useEditor.getState().save.state).toBe('saved');
  expect(useEditor.getState().history.past).toHaveLength(0);
});
