/** Asking agents: the conversations, one of them, and the passage that a citation leads to. */
import { ActionIcon, Button, Drawer, Text, Title, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconLayoutSidebar, IconMessages, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Link, useLocation, useNavigate, useParams } from 'react-router';

import type { CatalogueEntry } from '~/api/types';
import { catalogueEntryQuery, catalogueQuery } from '~/features/catalogue/api/catalogue';
import { cancel, chatQuery, chatsQuery, useCreateChat } from '~/features/chats/api/chats';
import { ChatList } from '~/features/chats/components/chat-list';
import { Composer } from '~/features/chats/components/composer';
import { Conversation } from '~/features/chats/components/conversation';
import { PassagePanel } from '~/features/chats/components/passage-panel';
import { ProofDialog } from '~/features/chats/components/proof-dialog';
import { WaitingRun } from '~/features/inquiries/components/waiting-run';
import { EmptyState } from '~/ui/empty-state';
import { Emblem } from '~/ui/emblem';
import { useDocumentTitle } from '~/ui/page';
import { notifyProblem } from '~/ui/problem-notice';
import { QueryView } from '~/ui/query-view';

import classes from './chat-page.module.css';
import { LicensePrompt, PriceNote } from './license-prompt';

/** `/chat`: whom to ask. */
export function ChatHomePage() {
  useDocumentTitle('Chat');
  const catalogue = useQuery(catalogueQuery(''));
  return (
    <Layout title="Chat">
      <div className={classes.choose}>
        <QueryView query={catalogue}>
          {(entries) => {
            const usable = entries.filter((entry) => entry.is_mine || entry.my_license?.state === 'active');
            if (usable.length === 0) {
              return (
                <EmptyState
                  icon={IconMessages}
                  title="Nobody to ask yet"
                  action={
                    <Button component={Link} to="/catalogue">
                      Open the catalogue
                    </Button>
                  }
                >
                  License an agent from the catalogue, or build one over your own documents and publish it.
                </EmptyState>
              );
            }
            return (
              <>
                <Title order={2} fz="xl" mb={4}>
                  Whom do you want to ask?
                </Title>
                <Text c="dimmed" fz="sm" mb="lg">
                  Every answer shows the passages it rests on.
                </Text>
                <ul className={classes.agents} aria-label="Agents you may ask">
                  {usable.map((entry) => (
                    <li key={entry.slug}>
                      <Link to={`/chat/with/${entry.slug}`} className={classes.agent}>
                        <Emblem name={entry.name} />
                        <span style={{ minWidth: 0 }}>
                          <Text component="span" display="block" fw={600} truncate>
                            {entry.name}
                          </Text>
                          <Text component="span" display="block" fz="sm" c="dimmed" lineClamp={2}>
                            {entry.description === '' ? `By ${entry.author.name}` : entry.description}
                          </Text>
                        </span>
                      </Link>
                    </li>
                  ))}
                </ul>
              </>
            );
          }}
        </QueryView>
      </div>
    </Layout>
  );
}

/** `/chat/with/:slug`: a conversation begins with its first question. */
export function NewChatPage() {
  const { slug = '' } = useParams();
  const entry = useQuery(catalogueEntryQuery(slug));
  const navigate = useNavigate();
  const create = useCreateChat();
  const [question, setQuestion] = useState('');
  useDocumentTitle(entry.data?.name ?? 'Chat');
  return (
    <Layout title={entry.data?.name ?? ''} slug={slug}>
      <QueryView query={entry}>
        {(agent) => {
          const mayAsk = agent.is_mine || agent.my_license?.state === 'active';
          return (
            <>
              <div className={classes.fill}>
                <Welcome entry={agent} />
                {!mayAsk && (
                  <div className={classes.offers}>
                    <LicensePrompt entry={agent} />
                  </div>
                )}
              </div>
              {mayAsk && (
                <Composer
                  value={question}
                  onChange={setQuestion}
                  isBusy={create.isPending}
                  onStop={() => undefined}
                  onSend={() =>
                    create.mutate(slug, {
                      onSuccess: ({ id }) =>
                        void navigate(`/chat/${id}`, { replace: true, state: { question: question.trim() } }),
                      onError: notifyProblem,
                    })
                  }
                  note={<PriceNote entry={agent} />}
                />
              )}
            </>
          );
        }}
      </QueryView>
    </Layout>
  );
}

/** `/chat/:chatId`: a conversation. */
export function ChatPage() {
  const { chatId = '' } = useParams();
  const chat = useQuery(chatQuery(chatId));
  const slug = chat.data?.slug ?? null;
  const entry = useQuery({ ...catalogueEntryQuery(slug ?? ''), enabled: slug !== null });
  const state = useLocation().state as { question?: string } | null;
  const [citation, setCitation] = useState<{ runId: string; number: number } | null>(null);
  const [proofId, setProofId] = useState<string | null>(null);
  useDocumentTitle(chat.data?.title === '' ? chat.data.agent_name : (chat.data?.title ?? 'Chat'));

  return (
    <Layout
      title={chat.data?.agent_name ?? ''}
      slug={slug}
      panel={
        citation !== null && (
          <PassagePanel runId={citation.runId} number={citation.number} onClose={() => setCitation(null)} />
        )
      }
    >
      <QueryView query={chat}>
        {(data) => (
          <Conversation
            key={data.id}
            chat={data}
            firstQuestion={data.messages.length === 0 ? state?.question : undefined}
            welcome={entry.data === undefined ? null : <Welcome entry={entry.data} />}
            note={
              entry.data === undefined
                ? data.slug === null
                  ? 'Its author took this agent away: it cannot be asked any more.'
                  : ''
                : <PriceNote entry={entry.data} />
            }
            offers={(retry) => entry.data !== undefined && <LicensePrompt entry={entry.data} onReady={retry} />}
            waiting={(runId) => (
              <WaitingRun
                runId={runId}
                onStop={() => void cancel(runId).then(() => chat.refetch(), notifyProblem)}
              />
            )}
            onOpenCitation={(runId, number) => setCitation({ runId, number })}
            onOpenProof={setProofId}
          />
        )}
      </QueryView>
      {proofId !== null && <ProofDialog proofId={proofId} onClose={() => setProofId(null)} />}
    </Layout>
  );
}

function Welcome({ entry }: { entry: CatalogueEntry }) {
  return (
    <div className={classes.welcome}>
      <Emblem name={entry.name} size={52} />
      <Title order={2} fz="xl">
        {entry.name}
      </Title>
      <Text c="dimmed" fz="sm" ta="center" maw={460}>
        {entry.description === '' ? `An agent by ${entry.author.name}.` : entry.description}
      </Text>
    </div>
  );
}

interface LayoutProps {
  title: string;
  slug?: string | null;
  panel?: ReactNode;
  children: ReactNode;
}

function Layout({ title, slug = null, panel, children }: LayoutProps) {
  const [listOpen, list] = useDisclosure(false);
  return (
    <div className={classes.layout}>
      <aside className={classes.list} aria-label="Conversations">
        <Conversations slug={slug} />
      </aside>
      <Drawer opened={listOpen} onClose={list.close} title="Conversations" size={300} hiddenFrom="md">
        <Conversations slug={slug} />
      </Drawer>
      <section className={classes.main} aria-label={title}>
        <header className={classes.bar}>
          <Tooltip label="Conversations">
            <ActionIcon variant="subtle" color="gray" aria-label="Conversations" onClick={list.open} hiddenFrom="md">
              <IconLayoutSidebar size={18} />
            </ActionIcon>
          </Tooltip>
          <Title order={1} fz="sm" lh={1.4} className={classes.name}>
            {slug === null ? (
              title
            ) : (
              <Link to={`/catalogue/${slug}`} className={classes.title}>
                {title}
              </Link>
            )}
          </Title>
        </header>
        {children}
      </section>
      {panel}
    </div>
  );
}

function Conversations({ slug }: { slug: string | null }) {
  const chats = useQuery(chatsQuery);
  const navigate = useNavigate();
  const { chatId } = useParams();
  return (
    <>
      <Button
        component={Link}
        to={slug === null ? '/chat' : `/chat/with/${slug}`}
        variant="default"
        fullWidth
        mb="sm"
        leftSection={<IconPlus size={16} />}
      >
        New conversation
      </Button>
      <QueryView query={chats}>
        {(list) => (
          <ChatList
            chats={list}
            onDeleted={(gone) => {
              if (gone === chatId) void navigate('/chat');
            }}
          />
        )}
      </QueryView>
    </>
  );
}
