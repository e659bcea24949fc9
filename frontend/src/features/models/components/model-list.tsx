/** The models of this server, what each is, and what its operator can do with it. */
import { Alert, Badge, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';

import type { ModelChoice, RegisteredModel } from '~/api/types';
import { Confirm } from '~/ui/confirm';
import { formatBytes, formatMilliseconds } from '~/ui/format';
import { notifyProblem, ProblemNotice } from '~/ui/problem-notice';

import { useChooseDefaultModel, useRemoveModel, useTryModel } from '../api/models';
import { ChangeServer } from './add-model';

const KINDS: Readonly<Record<ModelChoice['kind'], string>> = {
  'built-in': 'Comes with this server',
  file: 'File',
  server: 'Model server',
};

/** For people who choose among models and cannot change them. */
export function ModelChoices({ models }: { models: readonly ModelChoice[] }) {
  return (
    <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
      {models.map((model) => (
        <Paper key={model.name} component="li" p="md">
          <Title model={model} />
          <Text fz="sm" c="dimmed">
            {model.title}. Reads and writes at most {model.context_tokens.toLocaleString()} tokens at once.
          </Text>
        </Paper>
      ))}
    </Stack>
  );
}

export function ModelList({ models }: { models: readonly RegisteredModel[] }) {
  const [doomed, setDoomed] = useState<RegisteredModel | null>(null);
  const [changed, setChanged] = useState<RegisteredModel | null>(null);
  const remove = useRemoveModel();
  return (
    <>
      <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Models">
        {models.map((model) => (
          <ModelItem key={model.name} model={model} onChange={() => setChanged(model)} onRemove={() => setDoomed(model)} />
        ))}
      </Stack>
      {changed !== null && <ChangeServer model={changed} onClose={() => setChanged(null)} />}
      <Confirm
        opened={doomed !== null}
        title={`Remove ${doomed?.name ?? ''}?`}
        confirmLabel="Remove"
        busy={remove.isPending}
        error={remove.error}
        onClose={() => {
          remove.reset();
          setDoomed(null);
        }}
        onConfirm={() => {
          if (doomed !== null) remove.mutate(doomed.name, { onSuccess: () => setDoomed(null) });
        }}
      >
        Steps that ask it, in published agents too, fail from then on.
        {doomed?.kind === 'file' && ' A file that was sent here is deleted; one that was added by its path stays.'}
      </Confirm>
    </>
  );
}

interface ModelItemProps {
  model: RegisteredModel;
  onChange: () => void;
  onRemove: () => void;
}

function ModelItem({ model, onChange, onRemove }: ModelItemProps) {
  const choose = useChooseDefaultModel();
  const trial = useTryModel();
  return (
    <Paper component="li" p="md" aria-label={model.name}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={2} miw={0} style={{ flex: '1 1 20rem' }}>
          <Title model={model} />
          <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
            {model.title}
            {model.url !== null && ` at ${model.url}`}
          </Text>
          <Text fz="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {[
              model.size_bytes > 0 ? formatBytes(model.size_bytes) : null,
              `window of ${model.context_tokens.toLocaleString()} tokens`,
              model.at_once > 1 ? `${model.at_once} replies at one time` : 'one reply at a time',
              model.is_private ? 'in your own network' : null,
              model.has_secret ? 'with a secret' : null,
              model.path,
            ]
              .filter((part) => part !== null)
              .join(' · ')}
          </Text>
        </Stack>
        <Group gap="xs">
          <Button size="xs" variant="default" loading={trial.isPending} onClick={() => trial.mutate(model.name)}>
            Try it
          </Button>
          {!model.is_default && (
            <Button
              size="xs"
              variant="default"
              loading={choose.isPending}
              onClick={() => choose.mutate(model.name, { onError: notifyProblem })}
            >
              Use for all
            </Button>
          )}
          {model.kind === 'server' && (
            <Button size="xs" variant="default" onClick={onChange}>
              Change
            </Button>
          )}
          {model.kind !== 'built-in' && (
            <Button size="xs" variant="light" color="red" onClick={onRemove}>
              Remove
            </Button>
          )}
        </Group>
      </Group>
      {model.problem !== null && (
        <Alert mt="sm" color="yellow" icon={<IconAlertTriangle />} title="It cannot be asked now">
          {model.problem}
        </Alert>
      )}
      <div role="status">
        {trial.isSuccess && (
          <Text fz="sm" mt="sm">
            It answered “{trial.data.text}” in {formatMilliseconds(trial.data.took_ms)}.
          </Text>
        )}
      </div>
      {trial.isError && <ProblemNotice error={trial.error} />}
    </Paper>
  );
}

function Title({ model }: { model: ModelChoice }) {
  return (
    <Group gap="xs">
      <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
        {model.name}
      </Text>
      <Badge color="gray">{KINDS[model.kind]}</Badge>
      {model.is_default && <Badge>Answers where nothing is chosen</Badge>}
      {!model.is_usable && <Badge color="yellow">Not ready</Badge>}
    </Group>
  );
}
