import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';

export const agentsQuery = queryOptions({
  queryKey: ['agents'],
  queryFn: () => unwrap(api.GET('/api/agents')),
});

export const templatesQuery = queryOptions({
  queryKey: ['agent-templates'],
  queryFn: () => unwrap(api.GET('/api/agent-templates')),
  staleTime: Infinity,
});

interface NewAgent {
  name: string;
  description: string;
  template: string | null;
  vaults: string[];
  with_samples: boolean;
}

export function useCreateAgent() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewAgent) =>
      unwrap(api.POST('/api/agents', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: agentsQuery.queryKey, exact: true }),
  });
}

export function useRenameAgent(agentId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; description: string }) =>
      unwrap(api.PATCH('/api/agents/{agent_id}', { params: { path: { agent_id: agentId } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: agentsQuery.queryKey }),
  });
}

export function useDeleteAgent() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (agentId: string) =>
      unwrap(api.DELETE('/api/agents/{agent_id}', { params: { path: { agent_id: agentId } } })),
    onSuccess: (_, agentId) => {
      client.removeQueries({ queryKey: ['agents', agentId] });
      void client.invalidateQueries({ queryKey: ['catalogue'] });
      return client.invalidateQueries({ queryKey: agentsQuery.queryKey, exact: true });
    },
  });
}

/** A new draft from an agent file; nothing in it runs. */
export function useImportAgent() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (file: File) => {
      const body = parse(await file.text());
      return unwrap(api.POST('/api/agents/import', { body }));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: agentsQuery.queryKey, exact: true }),
  });
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new Error('This file is not JSON. Choose a file that was exported from Qanat (its name ends in .agent.json).');
  }
}

export async function exportAgent(agentId: string, name: string): Promise<void> {
  const file = await unwrap(api.GET('/api/agents/{agent_id}/export', { params: { path: { agent_id: agentId } } }));
  const address = URL.createObjectURL(new Blob([JSON.stringify(file, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `${name.replace(/[^\p{L}\p{N}]+/gu, '-').toLowerCase()}.agent.json`;
  link.click();
  URL.revokeObjectURL(address);
}
