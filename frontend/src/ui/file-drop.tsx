/** Where files are dropped or chosen. */
import { Text } from '@mantine/core';
import { IconFileUpload } from '@tabler/icons-react';
import { useRef, useState, type DragEvent } from 'react';

import classes from './file-drop.module.css';

interface FileDropProps {
  label: string;
  hint: string;
  accept?: string;
  disabled?: boolean;
  onFiles: (files: File[]) => void;
}

export function FileDrop({ label, hint, accept, disabled = false, onFiles }: FileDropProps) {
  const input = useRef<HTMLInputElement>(null);
  // Entering a child fires leave on the parent: count, so that the frame does not flicker.
  const [depth, setDepth] = useState(0);

  function drop(event: DragEvent): void {
    event.preventDefault();
    setDepth(0);
    const files = [...event.dataTransfer.files];
    if (!disabled && files.length > 0) onFiles(files);
  }

  return (
    <div
      className={classes.zone}
      data-over={depth > 0 || undefined}
      data-disabled={disabled || undefined}
      onDragEnter={(event) => {
        event.preventDefault();
        setDepth((now) => now + 1);
      }}
      onDragLeave={() => setDepth((now) => Math.max(0, now - 1))}
      onDragOver={(event) => event.preventDefault()}
      onDrop={drop}
    >
      <IconFileUpload size={26} stroke={1.5} aria-hidden />
      <div>
        <button type="button" className={classes.button} disabled={disabled} onClick={() => input.current?.click()}>
          {label}
        </button>
        <Text fz="sm" c="dimmed">
          {hint}
        </Text>
      </div>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={accept}
        aria-label={label}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = '';
          if (files.length > 0) onFiles(files);
        }}
      />
    </div>
  );
}
