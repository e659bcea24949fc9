import { canConnect, outputsOf, typeFrom, withoutLooseEdges } from './connect';
import { changeNode } from './graph';
import { KINDS, aGraph } from './test-graph';

const at = (text: string) => {
  const [node = '', socket = ''] = text.split('.');
  return { node, socket };
};

test('a question may go where a question is wanted', () => {
  const graph = aGraph(['start', 'search:search_documents']);
  expect(canConnect(graph, KINDS, at('start.question'), at('search.question'))).toBeNull();
});

test('passages are no question, and the reason names both steps', () => {
  const graph = aGraph(['start', 'a:search_documents', 'b:search_documents']);
  expect(canConnect(graph, KINDS, at('a.passages'), at('b.question'))).toBe(
    '“Search documents” hands on passages, but “question” of “Search documents” takes a question.',
  );
});

test('an answer is words, so it may be searched for', () => {
  const graph = aGraph(['s:answer_with_sources', 'search:search_documents']);
  expect(canConnect(graph, KINDS, at('s.answer'), at('search.question'))).toBeNull();
});

test('a value keeps its type through a step that passes it on', () => {
  const graph = aGraph(
    ['search:search_documents', 'if:if_otherwise', 'other:search_documents'],
    ['search.passages > if.value'],
  );
  expect(typeFrom(graph, KINDS, at('if.then'))).toBe('passages');
  expect(canConnect(graph, KINDS, at('if.then'), at('other.question'))).toContain('hands on passages');
});

test('no step may wait for itself, not even by a long way round', () => {
  const graph = aGraph(['a:if_otherwise', 'b:if_otherwise', 'c:if_otherwise'], ['a.then > b.value', 'b.then > c.value']);
  expect(canConnect(graph, KINDS, at('c.then'), at('a.value'))).toContain('wait for each other');
  expect(canConnect(graph, KINDS, at('a.otherwise'), at('a.value'))).toBe('A step cannot wait for itself.');
});

test('the same two sockets connect once', () => {
  const graph = aGraph(['start', 'search:search_documents'], ['start.question > search.question']);
  expect(canConnect(graph, KINDS, at('start.question'), at('search.question'))).toContain('already');
});

test('several branches may end in one answer', () => {
  const graph = aGraph(['if:if_otherwise', 'answer'], ['if.then > answer.value']);
  expect(canConnect(graph, KINDS, at('if.otherwise'), at('answer.value'))).toBeNull();
});

test('a circle already drawn does not keep the check from ending', () => {
  const graph = aGraph(['a:if_otherwise', 'b:if_otherwise', 'answer'], ['a.then > b.value', 'b.then > a.value']);
  expect(canConnect(graph, KINDS, at('a.otherwise'), at('answer.value'))).toBeNull();
});

test('a step has an output for each of its branches, and loses the edges of one that is removed', () => {
  const graph = aGraph(['start', 'if:if_otherwise', 'answer'], ['start.question > if.value', 'if.then > answer.value']);
  const node = graph.nodes[1];
  if (node === undefined) throw new Error('no node');
  expect(outputsOf(node, KINDS.get('if_otherwise')).map(({ title }) => title)).toEqual(['Then', 'otherwise']);
  const changed = changeNode(graph, 'if', { settings: { branches: [] } });
  expect(withoutLooseEdges(changed, KINDS, 'if').edges.map(({ id }) => id)).toEqual(['e1']);
  expect(withoutLooseEdges(graph, KINDS, 'if')).toBe(graph);
});
