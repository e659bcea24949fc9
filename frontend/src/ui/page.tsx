/** The frame of every page: a title, one sentence on what it is for, and what can be done here. */
import { Anchor, Group, Stack, Text, Title } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useEffect, type ReactNode } from 'react';
import { Link } from 'react-router';

import classes from './page.module.css';

interface PageProps {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  /** The pages above this one, outermost first. */
  trail?: readonly { label: string; to: string }[];
  /** `wide` for tables and cards, `narrow` for forms. */
  width?: 'wide' | 'narrow';
  children: ReactNode;
}

export function Page({ title, description, actions, trail, width = 'wide', children }: PageProps) {
  useDocumentTitle(title);
  return (
    <div className={classes.page} data-width={width}>
      <header className={classes.header}>
        <Stack gap={4} miw={0}>
          {trail !== undefined && (
            <nav aria-label="You are in">
              <Group gap={4} c="dimmed" fz="sm" wrap="nowrap">
                {trail.map(({ label, to }) => (
                  <Group key={to} gap={4} wrap="nowrap">
                    <Anchor component={Link} to={to} c="dimmed" fz="sm">
                      {label}
                    </Anchor>
                    <IconChevronRight size={14} aria-hidden />
                  </Group>
                ))}
              </Group>
            </nav>
          )}
          <Title order={1} className={classes.title}>
            {title}
          </Title>
          {description !== undefined && (
            <Text c="dimmed" fz="sm" maw={640}>
              {description}
            </Text>
          )}
        </Stack>
        {actions !== undefined && <Group gap="sm">{actions}</Group>}
      </header>
      {children}
    </div>
  );
}

export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Qanat`;
  }, [title]);
}

interface SectionProps {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Section({ title, description, actions, children }: SectionProps) {
  return (
    <section aria-label={title} className={classes.section}>
      <Group justify="space-between" align="flex-end" mb="sm" gap="sm">
        <div>
          <Title order={2} fz="md">
            {title}
          </Title>
          {description !== undefined && (
            <Text c="dimmed" fz="sm">
              {description}
            </Text>
          )}
        </div>
        {actions}
      </Group>
      {children}
    </section>
  );
}
