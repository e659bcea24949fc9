/** What a template does, drawn as its steps: what goes in, what happens, what comes out. */
import {
  IconArrowNarrowRight,
  IconBooks,
  IconFileText,
  IconForms,
  IconLanguage,
  IconListSearch,
  IconMessageQuestion,
  IconQuote,
  IconTable,
  IconUserCheck,
  IconUserQuestion,
  type Icon,
} from '@tabler/icons-react';
import { Fragment } from 'react';

import type { AgentTemplate } from '~/api/types';

import classes from './agents.module.css';

const PICTURES: Readonly<Record<AgentTemplate['picture'], readonly Icon[]>> = {
  documents: [IconMessageQuestion, IconListSearch, IconQuote],
  support: [IconMessageQuestion, IconListSearch, IconUserQuestion],
  approval: [IconForms, IconQuote, IconUserCheck],
  fields: [IconFileText, IconListSearch, IconTable],
  translation: [IconFileText, IconBooks, IconLanguage],
  research: [IconMessageQuestion, IconBooks, IconQuote],
};

export function TemplatePicture({ picture }: { picture: AgentTemplate['picture'] }) {
  return (
    <span className={classes.picture} aria-hidden>
      {PICTURES[picture].map((Drawn, place) => (
        <Fragment key={place}>
          {place > 0 && <IconArrowNarrowRight size={12} stroke={1.5} />}
          <Drawn size={20} stroke={1.5} />
        </Fragment>
      ))}
    </span>
  );
}
