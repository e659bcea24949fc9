/** A tool of an MCP server as a step keeps it: its form as it was when it was chosen, and what is filled in. */
import type { McpTool, ToolArgument } from '~/api/types';

export interface ChosenTool {
  server: string;
  name: string;
  title: string;
  description: string;
  arguments: readonly ToolArgument[];
  filled: Readonly<Record<string, string>>;
}

export const NO_TOOL: ChosenTool = { server: '', name: '', title: '', description: '', arguments: [], filled: {} };

/** What a graph holds, which may be anything that a file brought. */
export function readTool(value: unknown): ChosenTool {
  if (typeof value !== 'object' || value === null) return NO_TOOL;
  return { ...NO_TOOL, ...value };
}

export function withServer(server: string): ChosenTool {
  return { ...NO_TOOL, server };
}

/** The tool chosen anew; what was filled in before stays where it still has a place. */
export function withTool(before: ChosenTool, tool: McpTool): ChosenTool {
  const places = new Set(tool.arguments.map(({ name }) => name));
  const { name, title, description } = tool;
  return {
    server: before.server,
    name,
    title,
    description,
    arguments: tool.arguments,
    filled: Object.fromEntries(Object.entries(before.filled).filter(([place]) => places.has(place))),
  };
}

export function withArgument(before: ChosenTool, name: string, template: string): ChosenTool {
  const others = Object.fromEntries(Object.entries(before.filled).filter(([place]) => place !== name));
  return { ...before, filled: template === '' ? others : { ...others, [name]: template } };
}

/** Whether the server now describes the tool otherwise than when it was chosen. */
export function hasChanged(chosen: ChosenTool, tool: McpTool): boolean {
  const form = (each: Pick<ChosenTool, 'description' | 'arguments'>) => JSON.stringify([each.description, each.arguments]);
  return form(chosen) !== form(tool);
}
