/**
 * The bytes of a stream as the parsers of clients read them: real ones where npm has them, and
 * models of the others' documented behaviour. [protocol] #stream
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { EventSource } from 'eventsource';
import { createParser } from 'eventsource-parser';
import { describe, expect, it } from 'vitest';
import { KEEP_ALIVE, streamStart } from '../../src/subscribe/stream.js';
import { until } from '../support/until.js';

const event = (id: number): string => `data: ${Buffer.from(`event ${id}`).toString('base64')}\nid: ${id}\n\n`;

/** Two minutes of a stream: a keep-alive every 10 s, and changes in between. */
const STREAM = [
  streamStart(0),
  event(1),
  event(2),
  ...Array<string>(7).fill(KEEP_ALIVE),
  event(3),
  ...Array<string>(5).fill(KEEP_ALIVE),
  event(4),
  KEEP_ALIVE,
  event(5),
].join('');
const IDS = ['1', '2', '3', '4', '5'];

interface Dispatched {
  readonly id: string;
  readonly data: string;
}

const whole = (dispatched: readonly Dispatched[]): string[] =>
  dispatched.filter(({ data }) => data !== '').map(({ id }) => id);
const empty = (dispatched: readonly Dispatched[]): number =>
  dispatched.filter(({ data }) => data === '').length;

/** Go's launchdarkly/eventsource and fetch-event-source: an event at every blank line. */
function atEachBlankLine(text: string): Dispatched[] {
  const dispatched: Dispatched[] = [];
  let data = '';
  let id = '';
  for (const line of text.split('\n').slice(0, -1)) {
    if (line.startsWith('data: ')) data = line.slice(6);
    else if (line.startsWith('id: ')) id = line.slice(4);
    else if (line === '') {
      dispatched.push({ id, data });
      data = '';
    }
  }
  return dispatched;
}

/** Python's httpx-sse: an event at a blank line once an id was seen, or after a field. */
function onceAnIdWasSeen(text: string): Dispatched[] {
  const dispatched: Dispatched[] = [];
  let [data, id, retry] = ['', '', ''];
  for (const line of text.split('\n').slice(0, -1)) {
    if (line.startsWith('data: ')) data = line.slice(6);
    else if (line.startsWith('id: ')) id = line.slice(4);
    else if (line.startsWith('retry: ')) retry = line.slice(7);
    else if (line === '' && (data !== '' || id !== '' || retry !== '')) {
      dispatched.push({ id, data });
      [data, retry] = ['', ''];
    }
  }
  return dispatched;
}

/**
 * Go's r3labs/sse, of the Go SDK: an event for each part between blank lines, of at most 64 KiB.
 */
function partsBetweenBlankLines(text: string): Dispatched[] {
  const parts = text.split('\n\n').slice(0, -1);
  return parts.map((part) => {
    if (part.length > 65_536) throw new Error('token too long');
    const of = (field: string) => new RegExp(`^${field}: (.*)$`, 'm').exec(part)?.[1] ?? '';
    return { id: of('id'), data: of('data') };
  });
}

describe('the framing of a stream', () => {
  it.each([
    ['dispatch at each blank line', atEachBlankLine, 1],
    ['dispatch once they saw an id', onceAnIdWasSeen, 0],
    ['split at blank lines', partsBetweenBlankLines, 0],
  ])(
    'the framing of a stream gives clients that %s every event, and an empty one at most at the beginning',
    (_, parse, most) => {
      const dispatched = parse(STREAM);
      expect(whole(dispatched)).toEqual(IDS);
      expect(empty(dispatched)).toBeLessThanOrEqual(most);
    },
  );

  it('the framing of a stream is read whole by eventsource-parser, however the bytes are cut', () => {
    for (let size = 1; size < 40; size++) {
      const seen: Dispatched[] = [];
      const retries: number[] = [];
      const parser = createParser({
        onEvent: ({ id = '', data }) => seen.push({ id, data }),
        onRetry: (milliseconds) => retries.push(milliseconds),
      });
      for (let at = 0; at < STREAM.length; at += size) parser.feed(STREAM.slice(at, at + size));
      expect([whole(seen), empty(seen), retries]).toEqual([IDS, 0, [1000]]);
    }
  });
});

/** The EventSource of the Prefab SDK for node: 2.0.2. */
const NodeSdkEventSource = createRequire(import.meta.resolve('@prefab-cloud/prefab-cloud-node'))(
  'eventsource',
) as typeof EventSource;

describe.each([
  ['the node SDK (eventsource 2.0.2)', NodeSdkEventSource],
  ['eventsource 4', EventSource],
])('a stream that was cut inside an event, in %s', (_, Source) => {
  it.each([
    ['inside the data', 'data: ZXZlbn'],
    ['after the data', event(2).split('id')[0]!],
    ['inside the id', event(2).slice(0, -3)],
  ])('begins again %s, and loses none of the next events', async (_where, half) => {
    const streams = [
      streamStart(0).replace('1000', '10') + event(1) + half,
      streamStart(0) + event(2) + event(3) + KEEP_ALIVE + event(4),
    ];
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const text = streams.shift() ?? '';
      if (streams.length === 0) response.write(text);
      else response.end(text);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const source = new Source(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const seen: string[] = [];
    source.onmessage = ({ data }) => void seen.push(Buffer.from(data as string, 'base64').toString());
    try {
      await until('the last event arrived', () => seen.includes('event 4'));
      expect(seen).toEqual(expect.arrayContaining(['event 1', 'event 2', 'event 3', 'event 4']));
    } finally {
      source.close();
      server.closeAllConnections();
      server.close();
    }
  });
});
