import { addEdge, addNode, freeId, newNode, readGraph, remove } from './graph';
import { KINDS, aGraph } from './test-graph';

test('a new node begins with the defaults of its kind and an id nobody has', () => {
  const search = KINDS.get('search_documents');
  if (search === undefined) throw new Error('the palette has no search');
  const graph = aGraph(['search-documents-1:search_documents']);
  const node = newNode(graph, search, { x: 10.4, y: 2.6 });
  expect(node).toMatchObject({ id: 'search-documents-2', settings: { vaults: [], limit: 6 }, position: { x: 10, y: 3 } });
  expect(addNode(graph, node).nodes).toHaveLength(2);
});

test('removing a node removes the edges that would dangle', () => {
  const graph = aGraph(['start', 'search:search_documents', 'answer'], ['start.question > search.question', 'search.passages > answer.value']);
  const left = remove(graph, { nodes: ['search'] });
  expect(left.nodes.map(({ id }) => id)).toEqual(['start', 'answer']);
  expect(left.edges).toEqual([]);
});

test('a new edge gets an id of its own', () => {
  const graph = aGraph(['start', 'answer']);
  const ends = [{ node: 'start', socket: 'question' }, { node: 'answer', socket: 'value' }] as const;
  const twice = addEdge(addEdge(graph, ...ends), ...ends);
  expect(new Set(twice.edges.map(({ id }) => id)).size).toBe(2);
});

test('ids hold only what the server takes', () => {
  expect(freeId('Ask the model!', [])).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);
});

test('a damaged draft still opens', () => {
  expect(readGraph({ nodes: [{ kind: 'start' }], edges: [] }).nodes[0]).toMatchObject({ id: 'node-1', settings: {} });
  expect(readGraph(null)).toEqual({ schema: 'qanat/agent-graph@1', nodes: [], edges: [] });
});
