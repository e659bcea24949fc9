/** Reads server-sent events from the body of a POST, which `EventSource` cannot do. */
import type { Citation, NotReady, Sentence, Unread } from './types';

export interface ServerEvent {
  event: string;
  data: unknown;
}

/**
 * Takes the stream apart as the HTML standard's event stream says, whatever way the bytes were cut.
 * Comments (pings) yield nothing.
 */
export function createEventParser(onEvent: (event: ServerEvent) => void): { push(text: string): void } {
  let rest = '';
  let name = 'message';
  let data: string[] = [];

  function take(line: string): void {
    if (line === '') {
      if (data.length > 0) onEvent({ event: name, data: JSON.parse(data.join('\n')) });
      name = 'message';
      data = [];
      return;
    }
    if (line.startsWith(':')) return;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') name = value;
    if (field === 'data') data.push(value);
  }

  return {
    push(text) {
      rest += text;
      // A lone \r at the end may be the first half of \r\n: wait for what follows.
      for (;;) {
        const match = /\r\n|\n|\r(?!$)/.exec(rest);
        if (match === null) return;
        const line = rest.slice(0, match.index);
        rest = rest.slice(match.index + match[0].length);
        take(line);
      }
    },
  };
}

/** Every event of the stream, in order; ends when the server ends it. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const waiting: ServerEvent[] = [];
  const parser = createEventParser((event) => waiting.push(event));
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (value !== undefined) parser.push(decoder.decode(value, { stream: true }));
      while (waiting.length > 0) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
      }
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** One time that a step runs the steps inside it: for one item, or one more time. */
export interface Round {
  node_id: string;
  number: number;
}

/** What happens during a run, as the server streams it. `inside`: the rounds that a step is in, outermost first. */
export type RunEvent =
  | { event: 'run.started'; data: { run_id: string } }
  | { event: 'run.waiting'; data: { ahead: number } }
  | { event: 'node.started'; data: { node_id: string; kind: string; title: string; inside?: Round[] } }
  | {
      event: 'node.retried';
      data: { node_id: string; kind: string; attempt: number; pause_s: number; code: string; message: string; inside?: Round[] };
    }
  | {
      event: 'node.recovered';
      data: {
        node_id: string;
        kind: string;
        by: 'default' | 'branch' | 'left_out';
        code: string;
        message: string;
        inside?: Round[];
      };
    }
  | {
      event: 'node.finished';
      data: { node_id: string; kind: string; took_ms: number; output: unknown; detail: unknown; inside?: Round[] };
    }
  | { event: 'answer.delta'; data: { text: string } }
  | {
      event: 'run.finished';
      data: {
        answer: string;
        citations: Citation[];
        sentences: Sentence[];
        not_ready: NotReady;
        left_out: Unread;
        usage: Record<string, number>;
      };
    }
  | {
      event: 'run.parked';
      /** What people are asked; the id only where it is this person. */
      data: { asked: { title: string; inquiry_id: string | null; expires_at: string | null }[] };
    }
  | { event: 'run.failed'; data: { node_id: string | null; code: string; message: string } }
  | { event: 'run.cancelled'; data: Record<string, never> }
  | { event: 'charge'; data: { charge: number; proof_id: string | null } };

const RUN_EVENTS = new Set([
  'run.started',
  'run.waiting',
  'node.started',
  'node.retried',
  'node.recovered',
  'node.finished',
  'answer.delta',
  'run.finished',
  'run.parked',
  'run.failed',
  'run.cancelled',
  'charge',
]);

/** The events of a run; what a newer server may add is passed over. */
export async function* readRunEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<RunEvent> {
  for await (const event of readEvents(body)) {
    if (RUN_EVENTS.has(event.event)) yield event as RunEvent;
  }
}
