/** A setting that is a list: a small form for each of its rows. */
import { ActionIcon, Button, Group, Paper, Stack, Text, Tooltip } from '@mantine/core';
import { IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react';
import { Fragment, type ReactNode } from 'react';

import { newRow, shownFields, type Field } from '../model/form';

type Row = Record<string, unknown>;

interface RowsFieldProps {
  field: Extract<Field, { control: 'rows' }>;
  rows: readonly Row[];
  onChange: (rows: Row[]) => void;
  drawField: (field: Field, row: Row, onChange: (value: unknown) => void) => ReactNode;
}

export function RowsField({ field, rows, onChange, drawField }: RowsFieldProps) {
  const { title, description, fields, most } = field;
  const remove = (index: number): void => onChange(rows.filter((_, at) => at !== index));
  const moveUp = (index: number): void => {
    const row = rows[index];
    if (row === undefined) return;
    const rest = rows.filter((_, at) => at !== index);
    onChange([...rest.slice(0, index - 1), row, ...rest.slice(index - 1)]);
  };
  const set = (index: number, name: string, value: unknown): void =>
    onChange(rows.map((row, at) => (at === index ? { ...row, [name]: value } : row)));

  return (
    <Stack gap="xs" role="group" aria-label={title}>
      <div>
        <Text fz="sm" fw={500}>
          {title}
        </Text>
        {description !== '' && (
          <Text fz="xs" c="dimmed">
            {description}
          </Text>
        )}
      </div>
      {rows.map((row, index) => (
        <Paper key={index} withBorder p="sm" role="group" aria-label={`${title}, ${index + 1}`}>
          <Group justify="space-between" mb={6} wrap="nowrap">
            <Text fz="xs" c="dimmed">
              {index + 1}
            </Text>
            <Group gap={2} wrap="nowrap">
              {index > 0 && (
                <Tooltip label="Move up">
                  <ActionIcon size="sm" variant="subtle" color="gray" aria-label={`Move ${index + 1} up`} onClick={() => moveUp(index)}>
                    <IconArrowUp size={14} />
                  </ActionIcon>
                </Tooltip>
              )}
              <Tooltip label="Remove">
                <ActionIcon size="sm" variant="subtle" color="gray" aria-label={`Remove ${index + 1}`} onClick={() => remove(index)}>
                  <IconTrash size={14} />
                </ActionIcon>
              </Tooltip>
            </Group>
          </Group>
          <Stack gap="sm">
            {shownFields(fields, row).map((inner) => (
              <Fragment key={inner.name}>{drawField(inner, row, (value) => set(index, inner.name, value))}</Fragment>
            ))}
          </Stack>
        </Paper>
      ))}
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconPlus size={14} />}
        disabled={most !== null && rows.length >= most}
        onClick={() => onChange([...rows, newRow(fields, rows)])}
      >
        Add
      </Button>
    </Stack>
  );
}
