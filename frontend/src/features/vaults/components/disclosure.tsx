/** Words that are shown when one asks for them. */
import { Collapse, UnstyledButton } from '@mantine/core';
import { useDisclosure, useId } from '@mantine/hooks';
import { IconChevronRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import classes from './disclosure.module.css';

export function Disclosure({ label, children }: { label: ReactNode; children: ReactNode }) {
  const [opened, { toggle }] = useDisclosure(false);
  const id = useId();
  return (
    <div className={classes.box}>
      <UnstyledButton className={classes.button} aria-expanded={opened} aria-controls={id} onClick={toggle}>
        <IconChevronRight size={15} className={classes.arrow} aria-hidden />
        {label}
      </UnstyledButton>
      <Collapse expanded={opened} id={id}>
        <div className={classes.content}>{children}</div>
      </Collapse>
    </div>
  );
}
