import { createEventParser, readRunEvents, type ServerEvent } from './events';

const STREAM =
  'event: run.started\ndata: {"run_id":"r1"}\n\n: ping\n\nevent: answer.delta\r\ndata: {"text":"Füße 🐝"}\r\n\r\nevent: later.kind\ndata: {}\n\nevent: run.cancelled\ndata: {}\n\n';

function parse(pieces: readonly string[]): ServerEvent[] {
  const events: ServerEvent[] = [];
  const parser = createEventParser((event) => events.push(event));
  for (const piece of pieces) parser.push(piece);
  return events;
}

test('events are the same however the stream was cut', () => {
  const whole = parse([STREAM]);
  expect(whole).toHaveLength(4);
  expect(whole[1]).toEqual({ event: 'answer.delta', data: { text: 'Füße 🐝' } });
  for (let size = 1; size < 30; size += 1) {
    const pieces = Array.from({ length: Math.ceil(STREAM.length / size) }, (_, index) =>
      STREAM.slice(index * size, (index + 1) * size),
    );
    expect(parse(pieces)).toEqual(whole);
  }
});

test('data over several lines is one value', () => {
  expect(parse(['data: {"a":\ndata: 1}\n\n'])).toEqual([{ event: 'message', data: { a: 1 } }]);
});

test('an event whose end never came is not told', () => {
  expect(parse(['event: answer.delta\ndata: {"text":"half'])).toEqual([]);
});

test('bytes cut within a character are put together, and unknown events are passed over', async () => {
  const bytes = new TextEncoder().encode(STREAM);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 7) controller.enqueue(bytes.slice(at, at + 7));
      controller.close();
    },
  });
  const told: string[] = [];
  for await (const { event, data } of readRunEvents(body)) told.push(`${event} ${JSON.stringify(data)}`);
  expect(told).toEqual(['run.started {"run_id":"r1"}', 'answer.delta {"text":"Füße 🐝"}', 'run.cancelled {}']);
});
