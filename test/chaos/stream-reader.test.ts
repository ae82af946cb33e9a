import { describe, expect, it } from 'vitest';
import { decodeEvent } from '../../chaos/clients/event.js';
import { StreamReader, type Block } from '../../chaos/clients/stream-reader.js';
import { concat, encodeConfig, encodeEnvelope } from '../../src/ruleset/codec.js';
import { flag } from '../support/configs.js';

const START = '\n: holdfast\nretry: 1234\n';
const read = (text: string): Block[] => new StreamReader().take(Buffer.from(text));
const objections = (text: string): string[] =>
  read(text).flatMap((block) => (block.kind === 'objection' ? [block.text] : []));

describe('the strict reader of streams', () => {
  it('the strict reader of streams reads beginning, events and keep-alives', () => {
    expect(read(`${START}data: YQ==\nid: 5\n\n: keep-alive\n`)).toEqual([
      { kind: 'retry', milliseconds: 1234 },
      { kind: 'event', data: 'YQ==', id: '5' },
      { kind: 'keep-alive' },
    ]);
  });

  it('the strict reader of streams reads the same byte by byte', () => {
    const text = `${START}data: YQ==\nid: 5\n\n: keep-alive\n`;
    const reader = new StreamReader();
    const blocks = [...Buffer.from(text)].flatMap((byte) => reader.take(Buffer.from([byte])));
    expect(blocks).toEqual(read(text));
    expect(reader.rest).toBe('');
  });

  it('the strict reader of streams keeps what is not complete', () => {
    const reader = new StreamReader();
    reader.take(Buffer.from(`${START}data: YQ==\nid: 5\n`));
    expect(reader.rest).toBe('data: YQ==\nid: 5\n');
  });

  it.each([
    ['another beginning', 'data: YQ==\nid: 5\n\n'],
    ['no retry', '\n: holdfast\ndata: YQ==\nid: 5\n\n'],
    ['the id before the data', `${START}id: 5\ndata: YQ==\n\n`],
    ['an event without id', `${START}data: YQ==\n\n`],
    ['an event name', `${START}event: message\ndata: YQ==\nid: 5\n\n`],
    ['no base64', `${START}data: a_b-\nid: 5\n\n`],
    ['an event with a third line', `${START}data: YQ==\nid: 5\nretry: 5\n\n`],
    ['a blank line after a keep-alive', `${START}: keep-alive\n\n`],
    ['a blank line after the beginning', `${START}\n`],
    ['another comment', `${START}: hello\n\n`],
    ['an event that is too large', `${START}data: ${'A'.repeat(65_000)}\nid: 5\n\n`],
    ['a line without end', `${START}data: ${'A'.repeat(66_000)}`],
  ])('the strict reader of streams objects to %s', (_, text) => {
    expect(objections(text)).toHaveLength(1);
  });
});

describe('the strict reader of events', () => {
  const envelope = encodeEnvelope({ id: 1n, projectId: 1n });
  const config = (id: string) => encodeConfig({ ...flag(`flag.${id}`, true), id, projectId: '1' });
  const data = (...ids: string[]) => Buffer.from(concat(ids.map(config), envelope)).toString('base64');

  it('the strict reader of events reads the configs of an event', () => {
    const { id, configs } = decodeEvent(data('5', '7'), '7', 1n);
    expect(id).toBe(7n);
    expect(configs.map(({ key }) => key)).toEqual(['flag.5', 'flag.7']);
    expect(decodeEvent(data('5'), '5', 1n).configs[0]!.digest).toBe(configs[0]!.digest);
  });

  it.each([
    ['is for another environment', data('5'), '5', 2n],
    ['has its configs in another order', data('7', '5'), '7', 1n],
    ['has a config above its id', data('5'), '4', 1n],
    ['has no id', data('5'), '0', 1n],
    ['has base64 that is cut', data('5').slice(0, -1), '5', 1n],
    ['has no pointer', '', '5', 1n],
  ])('the strict reader of events objects to an event that %s', (_, text, id, environment) => {
    expect(() => decodeEvent(text, id, environment)).toThrow();
  });
});
