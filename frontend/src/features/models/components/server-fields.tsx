/** Where a model server is and how it is asked. */
import { Group, NumberInput, PasswordInput, Switch, TextInput } from '@mantine/core';

import type { ModelServer } from '~/api/types';

export const NEW_SERVER: ModelServer = {
  url: '',
  model: '',
  secret: null,
  is_private: false,
  context_tokens: 8192,
  at_once: 8,
};

interface ServerFieldsProps {
  server: ModelServer;
  /** Whether one is kept already, which an empty field leaves as it is. */
  hasSecret: boolean;
  onChange: (server: ModelServer) => void;
}

export function ServerFields({ server, hasSecret, onChange }: ServerFieldsProps) {
  return (
    <>
      <TextInput
        label="Address"
        description="Of a server that speaks OpenAI’s chat API, such as vLLM, llama-server, SGLang or Ollama; it often ends in /v1."
        placeholder="http://127.0.0.1:11434/v1"
        required
        value={server.url}
        onChange={(event) => onChange({ ...server, url: event.currentTarget.value })}
      />
      <Switch
        label="It is on this machine or in my own network"
        description="Without this, only servers on the public web are reached."
        checked={server.is_private}
        onChange={(event) => onChange({ ...server, is_private: event.currentTarget.checked })}
      />
      <TextInput
        label="Model"
        description="By the name that it has there."
        placeholder="qwen2.5:7b-instruct"
        required
        maxLength={200}
        value={server.model}
        onChange={(event) => onChange({ ...server, model: event.currentTarget.value })}
      />
      <PasswordInput
        label="Secret"
        description={
          hasSecret
            ? 'One is kept. Leave this empty to keep it; another address needs it anew.'
            : 'The API key of that server, if it wants one. It is kept sealed and shown to nobody again.'
        }
        autoComplete="off"
        value={server.secret ?? ''}
        onChange={(event) => {
          const secret = event.currentTarget.value;
          onChange({ ...server, secret: secret === '' ? null : secret });
        }}
      />
      <Group grow align="flex-start">
        <NumberInput
          label="Window"
          description="The most tokens that prompt and reply may have together."
          min={512}
          allowDecimal={false}
          value={server.context_tokens}
          onChange={(next) => {
            if (typeof next === 'number') onChange({ ...server, context_tokens: next });
          }}
        />
        <NumberInput
          label="At one time"
          description="How many replies it is asked for together; others wait their turn."
          min={1}
          max={256}
          allowDecimal={false}
          value={server.at_once}
          onChange={(next) => {
            if (typeof next === 'number') onChange({ ...server, at_once: next });
          }}
        />
      </Group>
    </>
  );
}
