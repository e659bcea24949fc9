/** Make the draft a version that stays as it is, with a price and with shares for those who contributed. */
import {
  ActionIcon,
  Alert,
  Button,
  Checkbox,
  Group,
  List,
  Modal,
  NumberInput,
  Select,
  Stack,
  Text,
  TextInput,
  Textarea,
} from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';

import { MoneyInput } from '~/ui/money-input';
import { ProblemNotice } from '~/ui/problem-notice';
import { ShareBar } from '~/ui/share-bar';

import { usePublish } from '../api/publishing';
import {
  faultsOf,
  publicationOf,
  slugOf,
  withContributor,
  type PublicationDraft,
  type Role,
  type ShareDraft,
} from '../model/publication';

const ROLES: { value: Role; label: string }[] = [
  { value: 'author', label: 'Author' },
  { value: 'data', label: 'Data' },
  { value: 'model', label: 'Model' },
];

interface PublishDialogProps {
  agent: { id: string; name: string; slug: string | null; revision: number };
  /** The author's own wallet, which gets everything unless shares say otherwise. */
  address: string;
  /** How its tests stand. */
  tests: ReactNode;
  /** Why its tests keep it from being published; `null` when they do not. */
  refusal: string | null;
  onClose: () => void;
  onPublished: (slug: string) => void;
}

export function PublishDialog({ agent, address, tests, refusal, onClose, onPublished }: PublishDialogProps) {
  const publish = usePublish(agent.id);
  const [slug, setSlug] = useState(agent.slug ?? slugOf(agent.name));
  const [notes, setNotes] = useState('');
  const [offersAnswers, setOffersAnswers] = useState(true);
  const [answerPrice, setAnswerPrice] = useState<number | null>(10_000);
  const [offersTime, setOffersTime] = useState(false);
  const [timePrice, setTimePrice] = useState<number | null>(5_000_000);
  const [days, setDays] = useState(30);
  const [shares, setShares] = useState<readonly ShareDraft[]>([{ address, percent: 100, role: 'author' }]);

  const draft: PublicationDraft = {
    slug,
    notes,
    perAnswer: offersAnswers ? answerPrice : null,
    forTime: offersTime && timePrice !== null ? { price: timePrice, days } : null,
    shares,
  };
  const faults = faultsOf(draft);

  const changeShare = (index: number, change: Partial<ShareDraft>): void =>
    setShares(shares.map((share, at) => (at === index ? { ...share, ...change } : share)));

  return (
    <Modal opened onClose={onClose} title={`Publish ${agent.name}`} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (faults.length > 0) return;
          publish.mutate({ ...publicationOf(draft), base_revision: agent.revision }, {
            onSuccess: (version) => {
              notifications.show({
                title: `Version ${version.number} is published`,
                message: 'Anybody with a license can ask it now.',
              });
              onPublished(version.slug ?? slug);
            },
          });
        }}
      >
        <Stack gap="lg">
          <TextInput
            label="Address"
            description={
              agent.slug === null
                ? 'How people and programs call it. It cannot be changed later.'
                : 'Published before under this address: people keep their licenses.'
            }
            leftSection={<Text fz="sm">/</Text>}
            disabled={agent.slug !== null}
            value={slug}
            onChange={(event) => setSlug(event.currentTarget.value)}
          />

          <fieldset style={{ border: 0, padding: 0, margin: 0 }}>
            <Text component="legend" fz="sm" fw={500}>
              Price
            </Text>
            <Stack gap="sm" mt={6}>
              <Group align="flex-start" wrap="nowrap">
                <Checkbox
                  mt={4}
                  w={170}
                  label="Pay per answer"
                  checked={offersAnswers}
                  onChange={(event) => setOffersAnswers(event.currentTarget.checked)}
                />
                {offersAnswers && <MoneyInput label="Per answer" value={answerPrice} onChange={setAnswerPrice} />}
              </Group>
              <Group align="flex-start" wrap="nowrap">
                <Checkbox
                  mt={4}
                  w={170}
                  label="Pay once for a time"
                  checked={offersTime}
                  onChange={(event) => setOffersTime(event.currentTarget.checked)}
                />
                {offersTime && (
                  <Group wrap="nowrap">
                    <MoneyInput label="Price" value={timePrice} onChange={setTimePrice} />
                    <NumberInput
                      label="Days"
                      w={90}
                      min={1}
                      max={3650}
                      value={days}
                      onChange={(value) => setDays(Number(value))}
                    />
                  </Group>
                )}
              </Group>
            </Stack>
          </fieldset>

          <fieldset style={{ border: 0, padding: 0, margin: 0 }}>
            <Text component="legend" fz="sm" fw={500}>
              Shares
            </Text>
            <Text fz="xs" c="dimmed" mb="sm">
              Who is paid by each answer. Shares are written on chain and stay as they are for this version.
            </Text>
            <ShareBar shares={shares.map(({ address: to, percent, role }) => ({ address: to, share_bps: Math.round(percent * 100), role }))} />
            <Stack gap="xs" mt="sm">
              {shares.map((share, index) => (
                <Group key={index} gap="xs" wrap="nowrap">
                  <TextInput
                    flex={1}
                    aria-label={`Wallet address of share ${index + 1}`}
                    placeholder="0x…"
                    spellCheck={false}
                    styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }}
                    value={share.address}
                    onChange={(event) => changeShare(index, { address: event.currentTarget.value })}
                  />
                  <Select
                    w={100}
                    aria-label={`Role of share ${index + 1}`}
                    data={ROLES}
                    allowDeselect={false}
                    value={share.role}
                    onChange={(role) => {
                      if (role !== null) changeShare(index, { role: role });
                    }}
                  />
                  <NumberInput
                    w={100}
                    aria-label={`Percent of share ${index + 1}`}
                    suffix=" %"
                    min={0}
                    max={100}
                    decimalScale={2}
                    value={share.percent}
                    onChange={(value) => changeShare(index, { percent: Number(value) })}
                  />
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={`Remove share ${index + 1}`}
                    disabled={shares.length === 1}
                    onClick={() => setShares(shares.filter((_, at) => at !== index))}
                  >
                    <IconTrash size={16} />
                  </ActionIcon>
                </Group>
              ))}
              <Button
                variant="subtle"
                size="xs"
                w="fit-content"
                leftSection={<IconPlus size={14} />}
                onClick={() => setShares(withContributor(shares))}
              >
                Add a contributor
              </Button>
            </Stack>
          </fieldset>

          <Textarea
            label="What is new"
            description="For those who use it already."
            autosize
            minRows={2}
            maxLength={2000}
            value={notes}
            onChange={(event) => setNotes(event.currentTarget.value)}
          />
          {faults.length > 0 && (
            <Alert color="yellow" role="status">
              <List fz="sm">
                {faults.map((fault) => (
                  <List.Item key={fault}>{fault}</List.Item>
                ))}
              </List>
            </Alert>
          )}
          {tests}
          {publish.isError && <ProblemNotice error={publish.error} />}
          <Group justify="space-between">
            <Text fz="xs" c="dimmed">
              {publish.isPending ? 'Writing asset, shares and terms to the chain…' : ''}
            </Text>
            <Group>
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={publish.isPending} disabled={refusal !== null || faults.length > 0 || (offersAnswers && answerPrice === null)}>
                Publish
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
