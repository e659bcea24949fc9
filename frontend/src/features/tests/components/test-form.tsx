/** A question, and what a right answer to it is like. */
import { ActionIcon, Alert, Button, Fieldset, Group, Modal, Select, Slider, Stack, TagsInput, Text, TextInput, Textarea } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';

import type { AgentTest, Check, TestBody } from '~/api/types';
import { ProblemNotice } from '~/ui/problem-notice';

import { CHECK_KINDS, faultOf, newCheck } from '../model/checks';

interface TestFormProps {
  /** The test to change; `null` for a new one. */
  test: AgentTest | null;
  isSaving: boolean;
  error: unknown;
  onClose: () => void;
  onSave: (body: TestBody) => void;
}

export function TestForm({ test, isSaving, error, onClose, onSave }: TestFormProps) {
  const [question, setQuestion] = useState(test?.question ?? '');
  const [checks, setChecks] = useState<readonly Check[]>(test?.checks ?? [newCheck('contains')]);
  const [isTried, setTried] = useState(false);
  const faults = [
    ...(question.trim() === '' ? ['Write what is asked.'] : []),
    ...(checks.length === 0 ? ['Add at least one check: it says what a right answer is like.'] : []),
    ...checks.flatMap((check) => faultOf(check) ?? []),
  ];
  const change = (index: number, check: Check): void => setChecks(checks.map((each, at) => (at === index ? check : each)));
  const answer = test?.origin['answer'];
  const restsOn = test?.origin['rests_on'];
  const madeFrom = test?.origin['document'];

  return (
    <Modal opened onClose={onClose} size="lg" title={test === null ? 'A new test' : test.state === 'draft' ? 'Confirm this test' : 'Change this test'}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (faults.length === 0) onSave({ question, checks: [...checks], state: 'confirmed' });
        }}
      >
        <Stack gap="md">
          <Textarea label="Question" autosize minRows={2} maxLength={8000} value={question} onChange={(event) => setQuestion(event.currentTarget.value)} />
          {typeof restsOn === 'string' && (
            <Text fz="sm" c="dimmed">
              Made from “{typeof madeFrom === 'string' && madeFrom}”: “{restsOn}”
            </Text>
          )}
          {typeof answer === 'string' && answer !== '' && (
            <Text fz="sm" c="dimmed">
              What was answered in that run: “{answer}”
            </Text>
          )}
          {checks.map((check, index) => (
            <Fieldset key={index} legend={`A right answer, ${index + 1}`}>
              <Group align="flex-end" wrap="nowrap" mb="xs">
                <Select
                  flex={1}
                  label="It…"
                  data={CHECK_KINDS.map(({ kind, label }) => ({ value: kind, label }))}
                  allowDeselect={false}
                  value={check.kind}
                  onChange={(kind) => kind !== null && change(index, newCheck(kind))}
                />
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size="lg"
                  aria-label={`Remove check ${index + 1}`}
                  onClick={() => setChecks(checks.filter((_, at) => at !== index))}
                >
                  <IconTrash size={16} />
                </ActionIcon>
              </Group>
              <CheckFields check={check} onChange={(changed) => change(index, changed)} />
            </Fieldset>
          ))}
          <Button
            variant="subtle"
            size="xs"
            w="fit-content"
            leftSection={<IconPlus size={14} />}
            disabled={checks.length >= 10}
            onClick={() => setChecks([...checks, newCheck('cites')])}
          >
            One thing more
          </Button>
          {isTried && faults.length > 0 && <Alert color="yellow">{faults.join(' ')}</Alert>}
          {error !== null && <ProblemNotice error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={isSaving}>
              {test?.state === 'draft' ? 'Confirm' : 'Save'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function CheckFields({ check, onChange }: { check: Check; onChange: (check: Check) => void }) {
  switch (check.kind) {
    case 'contains':
      return (
        <Stack gap="xs">
          <TagsInput
            label="Words"
            description="Press Enter after each. Capitals and punctuation do not matter."
            splitChars={[]}
            maxTags={20}
            acceptValueOnBlur
            value={check.texts}
            onChange={(texts) => onChange({ ...check, texts })}
          />
          {check.texts.length > 1 && (
            <Select
              aria-label="How many of them"
              allowDeselect={false}
              data={[
                { value: 'all', label: 'All of them' },
                { value: 'any', label: 'One of them is enough' },
              ]}
              value={check.which}
              onChange={(which) => onChange({ ...check, which: which === 'any' ? 'any' : 'all' })}
            />
          )}
        </Stack>
      );
    case 'means':
      return (
        <Stack gap="xs">
          <Textarea label="A right answer" autosize minRows={2} maxLength={2000} value={check.text} onChange={(event) => onChange({ ...check, text: event.currentTarget.value })} />
          <div>
            <Text fz="sm" fw={500}>
              How alike
            </Text>
            <Text fz="xs" c="dimmed" mb="xs">
              0 % is as alike as sentences that have nothing to do with each other; 100 % is the same.
            </Text>
            <Slider
              aria-label="How alike"
              min={0}
              max={100}
              step={5}
              label={(value) => `${value} %`}
              value={Math.round(check.likeness * 100)}
              onChange={(value) => onChange({ ...check, likeness: value / 100 })}
            />
          </div>
        </Stack>
      );
    case 'cites':
      return (
        <Stack gap="xs">
          <TextInput label="Document" description="Its name. Empty: any." maxLength={400} value={check.document} onChange={(event) => onChange({ ...check, document: event.currentTarget.value })} />
          <Textarea label="Words of it" description="Empty: any." autosize maxLength={2000} value={check.quote} onChange={(event) => onChange({ ...check, quote: event.currentTarget.value })} />
        </Stack>
      );
    case 'json':
      return (
        <Textarea
          label="Form of the JSON"
          description="A JSON schema."
          autosize
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
          value={check.form}
          onChange={(event) => onChange({ ...check, form: event.currentTarget.value })}
        />
      );
    default:
      return (
        <Text fz="sm" c="dimmed">
          For questions that the documents do not answer: it finds nothing, and cites nothing.
        </Text>
      );
  }
}
