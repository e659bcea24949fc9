/** The frame around signing in: what Qanat is, beside the form. */
import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

import { useDocumentTitle } from '~/ui/page';

import classes from './front-door.module.css';

const PROMISES = [
  ['Your documents stay yours', 'Encrypted at rest under your key; only a licensed answer ever opens them.'],
  ['Answers you can check', 'Every answer leads to the exact passage it rests on, or says that it has none.'],
  ['Everyone who dug gets a share', 'Each use is charged, proved and credited to those who contributed.'],
] as const;

export function FrontDoor({ title, lead, children }: { title: string; lead: ReactNode; children: ReactNode }) {
  useDocumentTitle(title);
  return (
    <div className={classes.door}>
      <aside className={classes.side}>
        <div className={classes.brand}>
          <img src="/favicon.svg" alt="" width={32} height={32} />
          Qanat
        </div>
        <Stack gap="lg">
          <p className={classes.claim}>Knowledge that pays the people who dug for it.</p>
          {PROMISES.map(([head, text]) => (
            <div key={head}>
              <p className={classes.head}>{head}</p>
              <p className={classes.text}>{text}</p>
            </div>
          ))}
        </Stack>
        <span />
      </aside>
      <main className={classes.main}>
        <Stack w="100%" maw={380} gap="lg">
          <div>
            <Title order={1}>{title}</Title>
            <Text c="dimmed" fz="sm" mt={4}>
              {lead}
            </Text>
          </div>
          {children}
        </Stack>
      </main>
    </div>
  );
}
