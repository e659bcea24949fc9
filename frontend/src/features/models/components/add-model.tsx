/** Add a model: a file from this computer, a file on the server, or a server of its own. */
import { Button, Group, Modal, Progress, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';

import type { ModelServer, RegisteredModel } from '~/api/types';
import { FileDrop } from '~/ui/file-drop';
import { formatBytes } from '~/ui/format';
import { ProblemNotice } from '~/ui/problem-notice';

import { beginsAsGguf, useAddModelPath, useAddModelServer, useChangeModelServer, useSendModel } from '../api/models';
import { suggestedName } from '../model/naming';
import { NEW_SERVER, ServerFields } from './server-fields';

type Way = 'send' | 'path' | 'server';

const WAYS: { value: Way; label: string }[] = [
  { value: 'send', label: 'File from here' },
  { value: 'path', label: 'File on the server' },
  { value: 'server', label: 'Model server' },
];

interface AddModelProps {
  opened: boolean;
  onClose: () => void;
  onAdded: (model: RegisteredModel) => void;
}

export function AddModel({ opened, onClose, onAdded }: AddModelProps) {
  const [way, setWay] = useState<Way>('send');
  const done = (model: RegisteredModel): void => {
    onClose();
    onAdded(model);
  };
  return (
    <Modal opened={opened} onClose={onClose} title="Add a model" size="lg" closeOnClickOutside={false}>
      <Stack>
        <SegmentedControl aria-label="Where the model is" data={WAYS} value={way} onChange={setWay} fullWidth />
        {way === 'send' && <SendFile onDone={done} />}
        {way === 'path' && <NamePath onDone={done} />}
        {way === 'server' && <NameServer onDone={done} />}
      </Stack>
    </Modal>
  );
}

interface WayProps {
  onDone: (model: RegisteredModel) => void;
}

function NameField({ value, onChange }: { value: string; onChange: (name: string) => void }) {
  return (
    <TextInput
      label="Name"
      description="What agents call it: small letters, digits, points, - and _. It cannot be changed later."
      placeholder="qwen2.5-3b"
      required
      maxLength={64}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function SendFile({ onDone }: WayProps) {
  const [file, setFile] = useState<File | null>(null);
  const [isWrong, setWrong] = useState(false);
  const [name, setName] = useState('');
  const [sent, setSent] = useState(0);
  const controller = useRef<AbortController | null>(null);
  const sending = useSendModel(setSent);
  const choose = (chosen: File): void => {
    sending.reset();
    void beginsAsGguf(chosen).then((isGguf) => {
      setWrong(!isGguf);
      setFile(isGguf ? chosen : null);
      setName((before) => (before === '' ? suggestedName(chosen.name) : before));
    });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (file === null) return;
        setSent(0);
        controller.current = new AbortController();
        sending.mutate({ name, file, signal: controller.current.signal }, { onSuccess: onDone });
      }}
    >
      <Stack>
        <FileDrop
          label={file === null ? 'Drop a .gguf file here, or choose one' : `${file.name} (${formatBytes(file.size)})`}
          hint="A chat model that speaks ChatML, such as Qwen or SmolLM instruct models."
          accept=".gguf"
          disabled={sending.isPending}
          onFiles={([first]) => {
            if (first !== undefined) choose(first);
          }}
        />
        {isWrong && (
          <Text role="alert" fz="sm" c="var(--q-bad)">
            This is no GGUF file: it does not begin as one does. Models in safetensors or for PyTorch must be converted first.
          </Text>
        )}
        <NameField value={name} onChange={setName} />
        {sending.isPending && (
          <div role="status">
            <Text fz="sm" mb={4}>
              {sent < 1 ? `Sending: ${Math.floor(sent * 100)} %` : 'Looking at the file…'}
            </Text>
            <Progress value={sent * 100} animated={sent >= 1} aria-label="Sent" />
          </div>
        )}
        {sending.isError && sending.error.name !== 'AbortError' && <ProblemNotice error={sending.error} />}
        <Group justify="flex-end">
          {sending.isPending && (
            <Button variant="default" onClick={() => controller.current?.abort()}>
              Stop sending
            </Button>
          )}
          <Button type="submit" disabled={file === null || name === ''} loading={sending.isPending}>
            Send and add
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function NamePath({ onDone }: WayProps) {
  const [path, setPath] = useState('');
  const [name, setName] = useState('');
  const [isNamed, setNamed] = useState(false);
  const add = useAddModelPath();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate({ name, path }, { onSuccess: onDone });
      }}
    >
      <Stack>
        <TextInput
          label="Path of the file"
          description="On the machine that this server runs on. The file stays where it is."
          placeholder="/srv/models/qwen2.5-3b-instruct-q4_k_m.gguf"
          required
          value={path}
          onChange={(event) => {
            const next = event.currentTarget.value;
            setPath(next);
            if (!isNamed) setName(suggestedName(next.split(/[/\\]/).at(-1) ?? ''));
          }}
        />
        <NameField
          value={name}
          onChange={(next) => {
            setNamed(true);
            setName(next);
          }}
        />
        {add.isError && <ProblemNotice error={add.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={add.isPending}>
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function NameServer({ onDone }: WayProps) {
  const [server, setServer] = useState<ModelServer>(NEW_SERVER);
  const [name, setName] = useState('');
  const [isNamed, setNamed] = useState(false);
  const add = useAddModelServer();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate({ name, ...server }, { onSuccess: onDone });
      }}
    >
      <Stack>
        <ServerFields
          server={server}
          hasSecret={false}
          onChange={(next) => {
            setServer(next);
            if (!isNamed) setName(suggestedName(next.model));
          }}
        />
        <NameField
          value={name}
          onChange={(next) => {
            setNamed(true);
            setName(next);
          }}
        />
        {add.isError && <ProblemNotice error={add.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={add.isPending}>
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function ChangeServer({ model, onClose }: { model: RegisteredModel; onClose: () => void }) {
  const [server, setServer] = useState<ModelServer>({
    ...NEW_SERVER,
    url: model.url ?? '',
    model: model.title,
    is_private: model.is_private,
    context_tokens: model.context_tokens,
    at_once: model.at_once,
  });
  const change = useChangeModelServer(model.name);
  return (
    <Modal opened onClose={onClose} title={`Change ${model.name}`} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate(server, { onSuccess: onClose });
        }}
      >
        <Stack>
          <ServerFields server={server} hasSecret={model.has_secret} onChange={setServer} />
          {change.isError && <ProblemNotice error={change.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={change.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
