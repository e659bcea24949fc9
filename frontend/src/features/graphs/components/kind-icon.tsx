/** A picture for each kind of node; one that this page does not know yet gets a plain box. */
import {
  IconArrowsSplit2,
  IconBookmark,
  IconBox,
  IconCategory,
  IconFileSearch,
  IconFlag,
  IconForms,
  IconListNumbers,
  IconMessageQuestion,
  IconNote,
  IconPlugConnected,
  IconQuote,
  IconRepeat,
  IconRobot,
  IconSparkles,
  IconUsers,
  IconUserQuestion,
  IconVariable,
  IconWorldSearch,
  type Icon,
  type IconProps,
} from '@tabler/icons-react';
import { createElement } from 'react';

const ICONS: Readonly<Record<string, Icon>> = {
  start: IconMessageQuestion,
  search_documents: IconFileSearch,
  ask_model: IconSparkles,
  answer_with_sources: IconQuote,
  if_otherwise: IconArrowsSplit2,
  answer: IconFlag,
  pull_out_fields: IconForms,
  set_values: IconVariable,
  sort_by_meaning: IconCategory,
  for_each: IconListNumbers,
  remember: IconBookmark,
  run_agent: IconUsers,
  repeat_until: IconRepeat,
  call_web_service: IconWorldSearch,
  use_mcp_tool: IconPlugConnected,
  agent_with_tools: IconRobot,
  ask_person: IconUserQuestion,
  note: IconNote,
};

export function KindIcon({ kind, ...props }: IconProps & { kind: string }) {
  return createElement(ICONS[kind] ?? IconBox, { stroke: 1.7, 'aria-hidden': true, ...props });
}
