/** The kinds of steps there are. A click adds one; dragging adds it where it is dropped. */
import { ScrollArea, Text, TextInput, Tooltip } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useMemo, useState } from 'react';

import type { NodeKind } from '~/api/types';

import { useEditor } from '../model/editor-store';
import { KindIcon } from './kind-icon';
import classes from './palette.module.css';

/** What a dragged palette entry carries: the kind's name. */
export const DRAGGED_KIND = 'application/x-qanat-node-kind';

export function Palette() {
  const kinds = useEditor((state) => state.kinds);
  const add = useEditor((state) => state.add);
  const [words, setWords] = useState('');
  const groups = useMemo(() => {
    const wanted = words.trim().toLowerCase();
    const found = [...kinds.values()].filter(
      ({ title, help }) => wanted === '' || `${title} ${help}`.toLowerCase().includes(wanted),
    );
    return Map.groupBy(found, ({ category }) => category);
  }, [kinds, words]);

  return (
    <nav className={classes.palette} aria-label="Steps to add">
      <TextInput
        size="xs"
        aria-label="Search steps"
        placeholder="Search steps"
        leftSection={<IconSearch size={14} />}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      <ScrollArea flex={1} type="auto" offsetScrollbars="y">
        {groups.size === 0 && (
          <Text fz="sm" c="dimmed" p="xs">
            No step is called that.
          </Text>
        )}
        {[...groups].map(([category, members]) => (
          <section key={category} aria-label={category}>
            <h3 className={classes.category}>{category}</h3>
            {members.map((kind) => (
              <PaletteEntry key={kind.kind} kind={kind} onAdd={() => add(kind)} />
            ))}
          </section>
        ))}
      </ScrollArea>
    </nav>
  );
}

function PaletteEntry({ kind, onAdd }: { kind: NodeKind; onAdd: () => void }) {
  return (
    <Tooltip label={firstParagraph(kind.help)} multiline w={280} position="right" openDelay={400}>
      <button
        type="button"
        className={classes.entry}
        data-category={kind.category}
        draggable
        aria-label={`Add ${kind.title}`}
        onClick={onAdd}
        onDragStart={(event) => {
          event.dataTransfer.setData(DRAGGED_KIND, kind.kind);
          event.dataTransfer.effectAllowed = 'copy';
        }}
      >
        <KindIcon kind={kind.kind} size={17} className={classes.icon} />
        <span className={classes.title}>{kind.title}</span>
        <IconPlus size={14} className={classes.plus} aria-hidden />
      </button>
    </Tooltip>
  );
}

function firstParagraph(help: string): string {
  return help.split(/\n\s*\n/)[0]?.replace(/\s*\n\s*/g, ' ') ?? help;
}
