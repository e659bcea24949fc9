/** A text into which values are inserted by name. */
import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useRef } from 'react';

/** The values that a description names as `{{value}}`, offered as chips that insert them. */
function namesIn(description: string | undefined): string[] {
  return [...new Set([...(description ?? '').matchAll(/\{\{(\w+)\}\}/g)].flatMap((match) => match[1] ?? []))];
}

interface TemplateFieldProps {
  label: string;
  description: string | undefined;
  value: string;
  maxLength: number | null;
  /** The values that can be inserted, where the description does not name them. */
  names?: readonly string[];
  rows?: number;
  onChange: (value: string) => void;
}

export function TemplateField({ label, description, value, maxLength, names, rows = 3, onChange }: TemplateFieldProps) {
  const input = useRef<HTMLTextAreaElement>(null);
  const offered = names ?? namesIn(description);

  function insert(name: string): void {
    const at = input.current?.selectionStart ?? value.length;
    const end = input.current?.selectionEnd ?? at;
    const place = `{{${name}}}`;
    onChange(value.slice(0, at) + place + value.slice(end));
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(at + place.length, at + place.length);
    });
  }

  return (
    <Stack gap={6}>
      <Textarea
        ref={input}
        label={label}
        description={description}
        autosize
        minRows={rows}
        maxRows={14}
        maxLength={maxLength ?? undefined}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {offered.length > 0 && (
        <Group gap={6} role="group" aria-label="Insert a value">
          <Text fz="xs" c="dimmed">
            Insert
          </Text>
          {offered.map((name) => (
            <Button key={name} size="compact-xs" variant="default" onClick={() => insert(name)}>
              {name}
            </Button>
          ))}
        </Group>
      )}
    </Stack>
  );
}
