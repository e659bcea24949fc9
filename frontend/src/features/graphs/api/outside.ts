/** What steps may choose of the world outside: stored secrets by name, MCP servers and their tools. */
import { queryOptions } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';

export const secretNamesQuery = queryOptions({
  queryKey: ['secrets'],
  queryFn: () => unwrap(api.GET('/api/secrets')),
});

export const mcpServersQuery = queryOptions({
  queryKey: ['mcp-servers'],
  queryFn: () => unwrap(api.GET('/api/mcp-servers')),
  staleTime: Infinity,
});

/** A server is asked when its tools are looked at; a failure is shown, and not asked for again by itself. */
export const mcpToolsQuery = (server: string, secret: string) =>
  queryOptions({
    queryKey: ['mcp-servers', server, secret],
    queryFn: () =>
      unwrap(api.GET('/api/mcp-servers/{server}/tools', { params: { path: { server }, query: { secret } } })),
    enabled: server !== '',
    staleTime: 60_000,
    retry: false,
  });
