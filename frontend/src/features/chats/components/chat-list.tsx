import { ActionIcon, Text, TextInput } from '@mantine/core';
import { IconSearch, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { NavLink } from 'react-router';

import type { ChatSummary } from '~/api/types';
import { Confirm } from '~/ui/confirm';
import { formatRelative } from '~/ui/format';

import { useDeleteChat } from '../api/chats';
import classes from './chat-list.module.css';

interface ChatListProps {
  chats: readonly ChatSummary[];
  onDeleted: (chatId: string) => void;
}

export function ChatList({ chats, onDeleted }: ChatListProps) {
  const [words, setWords] = useState('');
  const [doomed, setDoomed] = useState<ChatSummary | null>(null);
  const remove = useDeleteChat();
  const wanted = words.trim().toLowerCase();
  const shown = chats.filter((chat) => `${chat.title} ${chat.agent_name}`.toLowerCase().includes(wanted));
  return (
    <>
      {chats.length > 5 && (
        <TextInput
          size="xs"
          mb="xs"
          aria-label="Search conversations"
          placeholder="Search"
          leftSection={<IconSearch size={14} />}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      )}
      <ul className={classes.list} aria-label="Conversations">
        {shown.map((chat) => (
          <li key={chat.id} className={classes.row}>
            <NavLink to={`/chat/${chat.id}`} className={classes.link}>
              <span className={classes.title}>{chat.title === '' ? 'New conversation' : chat.title}</span>
              <span className={classes.meta}>
                {chat.agent_name} · {formatRelative(chat.updated_at)}
              </span>
            </NavLink>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              className={classes.delete}
              aria-label={`Delete ${chat.title === '' ? 'New conversation' : chat.title}`}
              onClick={() => setDoomed(chat)}
            >
              <IconTrash size={14} />
            </ActionIcon>
          </li>
        ))}
      </ul>
      {shown.length === 0 && (
        <Text fz="sm" c="dimmed" px="xs">
          {chats.length === 0 ? 'Your conversations will be listed here.' : 'No conversation has these words.'}
        </Text>
      )}
      <Confirm
        opened={doomed !== null}
        title="Delete this conversation?"
        confirmLabel="Delete"
        busy={remove.isPending}
        error={remove.error}
        onClose={() => setDoomed(null)}
        onConfirm={() => {
          if (doomed === null) return;
          remove.mutate(doomed.id, {
            onSuccess: () => {
              setDoomed(null);
              onDeleted(doomed.id);
            },
          });
        }}
      >
        Its questions and answers are deleted. Charges and proofs of answers already given stay.
      </Confirm>
    </>
  );
}
