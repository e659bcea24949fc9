/** A small palette and graph for tests, in the server's own words. */
import type { NodeKind } from '~/api/types';

import type { Graph } from './graph';

const kind = (
  name: string,
  title: string,
  inputs: [string, string, boolean?][],
  outputs: [string, string, string?][],
  properties: Record<string, unknown> = {},
): NodeKind => ({
  kind: name,
  version: 1,
  title,
  help: `Help for ${title}.`,
  category: 'logic',
  inputs: inputs.map(([socket, type, required = true]) => ({ name: socket, title: socket, type, required })),
  outputs: outputs.map(([socket, type, passes = null]) => ({ name: socket, title: socket, type, passes })),
  settings_schema: { type: 'object', properties },
  outputs_from: name === 'if_otherwise' ? { setting: 'branches', type: 'any', passes: 'value' } : null,
  runs: true,
  body: null,
  goes_inside: !['start', 'answer'].includes(name),
  recoveries: inputs.length === 0 || outputs.length === 0 ? [] : outputs.length === 1 ? ['default', 'branch'] : ['branch'],
  example: {},
});

export const KINDS = new Map(
  [
    kind('start', 'Start', [], [['question', 'question']]),
    kind('search_documents', 'Search documents', [['question', 'question']], [['passages', 'passages']], {
      vaults: { type: 'array', items: { type: 'string' }, default: [], format: 'vaults', title: 'Vaults' },
      limit: { type: 'integer', default: 6, minimum: 1, maximum: 50, title: 'Passages' },
    }),
    kind('if_otherwise', 'If / otherwise', [['value', 'any']], [['otherwise', 'any', 'value']]),
    kind('answer_with_sources', 'Answer with sources', [['question', 'question'], ['passages', 'passages']], [['answer', 'answer']]),
    kind('answer', 'Answer', [['value', 'any']], []),
    {
      ...kind('for_each', 'For each', [['list', 'any']], [['text', 'text'], ['values', 'values']]),
      body: { begins: [{ name: 'item', title: 'Item', type: 'any' }], ends: [{ name: 'result', title: 'Result', type: 'any', required: true }] },
    },
  ].map((made) => [made.kind, made]),
);

/** `each/ask:ask_model` is a step inside another. */
export function aGraph(nodes: readonly string[], edges: readonly string[] = []): Graph {
  const end = (text: string) => {
    const [node = '', socket = ''] = text.split('.');
    return { node, socket };
  };
  return {
    schema: 'qanat/agent-graph@1',
    nodes: nodes.map((name, index) => {
      const [path = name, nodeKind = path.split('/').at(-1) ?? path] = name.split(':');
      const [id = path, parent] = path.split('/').toReversed();
      return { ...(parent !== undefined && { parent }), id, kind: nodeKind, version: 1, title: '', settings: nodeKind === 'if_otherwise' ? { branches: [{ id: 'then', name: 'Then' }] } : {}, position: { x: index * 280, y: 0 } };
    }),
    edges: edges.map((text, index) => {
      const [source = '', target = ''] = text.split(' > ');
      return { id: `e${index + 1}`, source: end(source), target: end(target) };
    }),
  };
}
