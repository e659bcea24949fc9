/** A server, one of its tools, and a form for what the tool takes. */
import { Alert, Autocomplete, Button, Loader, Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import type { McpTool, ToolArgument } from '~/api/types';
import { ProblemNotice } from '~/ui/problem-notice';

import { mcpServersQuery, mcpToolsQuery } from '../api/outside';
import { hasChanged, readTool, withArgument, withServer, withTool, type ChosenTool } from '../model/mcp-tool';
import { TemplateField } from './template-field';

interface McpToolFieldProps {
  title: string;
  description: string;
  value: unknown;
  /** The name of the stored secret that is shown to the server. */
  secret: string;
  onChange: (value: ChosenTool) => void;
}

const INSERTED = ['text', 'question', 'second'];

export function McpToolField({ title, description, value, secret, onChange }: McpToolFieldProps) {
  const chosen = readTool(value);
  const servers = useQuery(mcpServersQuery);
  const tools = useQuery(mcpToolsQuery(chosen.server, secret));
  const names = (servers.data ?? []).map(({ name }) => name);
  const now = tools.data?.find(({ name }) => name === chosen.name);
  return (
    <Stack gap="xs" role="group" aria-label={title}>
      <div>
        <Text fz="sm" fw={500}>
          {title}
        </Text>
        <Text fz="xs" c="dimmed">
          {description}
        </Text>
      </div>
      {servers.data?.length === 0 && chosen.server === '' && (
        <Alert color="gray">
          The operator of this server has allowed no MCP server yet. Servers are named in its settings (QANAT_MCP_SERVERS).
        </Alert>
      )}
      <Select
        label="Server"
        data={[...names, ...(chosen.server !== '' && !names.includes(chosen.server) ? [chosen.server] : [])]}
        value={chosen.server === '' ? null : chosen.server}
        placeholder="Choose a server"
        allowDeselect={false}
        error={
          servers.data !== undefined && chosen.server !== '' && !names.includes(chosen.server)
            ? 'This server is not allowed here.'
            : undefined
        }
        onChange={(server) => server !== null && server !== chosen.server && onChange(withServer(server))}
      />
      {chosen.server !== '' && (
        <Select
          label="Tool of this server"
          data={choices(tools.data ?? [], chosen)}
          value={chosen.name === '' ? null : chosen.name}
          placeholder={tools.isLoading ? 'Asking the server…' : 'Choose a tool'}
          rightSection={tools.isLoading ? <Loader size="xs" /> : undefined}
          searchable
          allowDeselect={false}
          nothingFoundMessage="The server has no such tool"
          onChange={(name) => {
            const tool = tools.data?.find((each) => each.name === name);
            if (tool !== undefined) onChange(withTool(chosen, tool));
          }}
        />
      )}
      {tools.isError && <ProblemNotice error={tools.error} onRetry={() => void tools.refetch()} />}
      {chosen.description !== '' && (
        <Text fz="xs" c="dimmed">
          Its server says: {chosen.description}
        </Text>
      )}
      {now !== undefined && hasChanged(chosen, now) && (
        <Alert color="yellow">
          <Text fz="sm">The server describes this tool otherwise than when you chose it.</Text>
          <Button size="compact-xs" variant="default" mt={6} onClick={() => onChange(withTool(chosen, now))}>
            Take its new form
          </Button>
        </Alert>
      )}
      {chosen.arguments.map((argument) => (
        <ArgumentField
          key={argument.name}
          argument={argument}
          value={chosen.filled[argument.name] ?? ''}
          onChange={(template) => onChange(withArgument(chosen, argument.name, template))}
        />
      ))}
    </Stack>
  );
}

function choices(tools: readonly McpTool[], chosen: ChosenTool) {
  const listed = tools.map(({ name, title, problem }) => ({
    value: name,
    label: problem === '' ? title || name : `${title || name}: ${problem}`,
    disabled: problem !== '',
  }));
  const isListed = chosen.name === '' || listed.some(({ value }) => value === chosen.name);
  return isListed ? listed : [...listed, { value: chosen.name, label: chosen.title || chosen.name, disabled: false }];
}

interface ArgumentFieldProps {
  argument: ToolArgument;
  value: string;
  onChange: (template: string) => void;
}

function ArgumentField({ argument, value, onChange }: ArgumentFieldProps) {
  const label = argument.title || argument.name;
  const kind = argument.type === 'text' ? '' : argument.type === 'choice' ? 'One of the choices' : argument.type;
  const description = [argument.needed ? 'Needed' : '', kind, argument.description].filter((part) => part !== '').join(' · ');
  if (argument.type === 'choice' || argument.type === 'yes or no') {
    return (
      <Autocomplete
        label={label}
        description={description}
        data={argument.type === 'choice' ? [...(argument.choices ?? [])] : ['yes', 'no']}
        value={value}
        onChange={onChange}
      />
    );
  }
  return (
    <TemplateField
      label={label}
      description={description}
      value={value}
      maxLength={20_000}
      names={INSERTED}
      rows={1}
      onChange={onChange}
    />
  );
}
