/** Where a question is written. What is typed is kept until it was sent. */
import { ActionIcon, Textarea, Tooltip } from '@mantine/core';
import { IconArrowUp, IconPlayerStopFilled } from '@tabler/icons-react';
import { useEffect, useRef, type ReactNode } from 'react';

import classes from './composer.module.css';

interface ComposerProps {
  value: string;
  onChange: (value: string) => void;
  isBusy: boolean;
  onSend: () => void;
  onStop: () => void;
  /** What an answer costs, said before it is asked for. */
  note: ReactNode;
}

export function Composer({ value, onChange, isBusy, onSend, onStop, note }: ComposerProps) {
  const input = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    // On a phone the keyboard would cover the page.
    if (globalThis.matchMedia('(hover: hover)').matches) input.current?.focus();
  }, []);
  const canSend = value.trim() !== '' && !isBusy;
  return (
    <form
      className={classes.composer}
      onSubmit={(event) => {
        event.preventDefault();
        if (canSend) onSend();
      }}
    >
      <div className={classes.box}>
        <Textarea
          ref={input}
          className={classes.input}
          variant="unstyled"
          aria-label="Your question"
          placeholder="Ask a question"
          autosize
          minRows={1}
          maxRows={8}
          maxLength={8000}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              if (canSend) onSend();
            }
          }}
        />
        {isBusy ? (
          <Tooltip label="Stop. A stopped answer costs nothing.">
            <ActionIcon size={36} radius="xl" variant="default" aria-label="Stop" onClick={onStop}>
              <IconPlayerStopFilled size={16} />
            </ActionIcon>
          </Tooltip>
        ) : (
          <ActionIcon size={36} radius="xl" type="submit" aria-label="Ask" disabled={!canSend}>
            <IconArrowUp size={18} />
          </ActionIcon>
        )}
      </div>
      <div className={classes.note}>{note}</div>
    </form>
  );
}
