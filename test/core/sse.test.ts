import { describe, expect, it } from 'vitest';
import { MAX_SSE_EVENT, SseParser, type SseBlock } from '../../src/core/sse.js';

function parse(text: string): SseBlock[] {
  return new SseParser().read(Buffer.from(text));
}

function event(data: string, own: { name?: string; id?: string } = {}): SseBlock {
  return { kind: 'event', name: own.name, data, id: own.id };
}

describe('events', () => {
  it('joins the data lines of an event by line feeds', () => {
    expect(parse('data: YHOO\ndata: +2\ndata: 10\n\n')).toEqual([event('YHOO\n+2\n10')]);
  });

  it('dispatches events with empty data, as the example of the specification does', () => {
    // "The following stream fires two events": one of empty data, one of a line feed; the last
    // block is not complete.
    expect(parse('data\n\ndata\ndata\n\ndata:')).toEqual([event(''), event('\n')]);
  });

  it('dispatches nothing for a block without a data line', () => {
    expect(parse('event: a\n\nid: 1\n\n\n\ndata: b\n\n')).toEqual([event('b')]);
  });

  it('removes one space after the colon and no more', () => {
    expect(parse('data:test\n\ndata: test\n\ndata:  test\n\n')).toEqual([
      event('test'),
      event('test'),
      event(' test'),
    ]);
  });

  it('gives an event the name and the id of its own lines only', () => {
    expect(parse('event: a\nid: 7\ndata: 1\n\ndata: 2\n\nevent:\nid\ndata: 3\n\n')).toEqual([
      event('1', { name: 'a', id: '7' }),
      event('2'),
      event('3', { id: '' }),
    ]);
  });

  it('drops an event that the stream ends in', () => {
    expect(parse('data: a\nid: 1\n')).toEqual([]);
  });
});

describe('other lines', () => {
  it('returns comments and retry immediately, before the event around them is complete', () => {
    expect(parse('data: a\n: hello\nretry: 50\n:\n')).toEqual([
      { kind: 'comment', text: 'hello' },
      { kind: 'retry', milliseconds: 50 },
      { kind: 'comment', text: '' },
    ]);
  });

  it.each(['retry: 5x', 'retry: -5', 'retry:', 'id: 9\0', 'date: 1', 'Data: 1', ' data: 1'])(
    'ignores %j and says so',
    (line) => {
      expect(parse(`${line}\ndata: a\n\n`)).toEqual([{ kind: 'ignored', line }, event('a')]);
    },
  );
});

describe('bytes', () => {
  it.each([
    ['LF', '\n'],
    ['CR', '\r'],
    ['CRLF', '\r\n'],
  ])('parses a stream the same byte by byte and in one piece, with lines that end in %s', (_, end) => {
    const lines = ['data: 1', 'data: 2', 'id: 7', '', 'retry: 5', ': hello', 'data: 3', '', ''];
    const bytes = Buffer.from(lines.join(end));
    const parser = new SseParser();
    const byByte = Array.from(bytes, (byte) => parser.read(Uint8Array.of(byte))).flat();
    expect(byByte).toEqual([
      event('1\n2', { id: '7' }),
      { kind: 'retry', milliseconds: 5 },
      { kind: 'comment', text: 'hello' },
      event('3'),
    ]);
    expect(new SseParser().read(bytes)).toEqual(byByte);
  });

  it('dispatches the last event of a stream whose lines end in CR without waiting for more bytes', () => {
    expect(parse('data: x\rid: 1\r\r')).toEqual([event('x', { id: '1' })]);
  });

  it('decodes a character whose bytes come in two pieces', () => {
    const parser = new SseParser();
    const bytes = Buffer.from('data: ü\n\n');
    expect([...parser.read(bytes.subarray(0, 7)), ...parser.read(bytes.subarray(7))]).toEqual([event('ü')]);
  });

  it('strips one byte order mark at the beginning of the stream', () => {
    expect(parse('\ufeffdata: a\n\n\ufeffdata: b\n\n')).toEqual([
      event('a'),
      { kind: 'ignored', line: '\ufeffdata: b' },
    ]);
  });

  it.each([
    ['a line that never ends', (parser: SseParser) => parser.read(Buffer.alloc(MAX_SSE_EVENT, 'x'))],
    [
      'an event that never ends',
      (parser: SseParser) =>
        Array.from({ length: 16 }, () => parser.read(Buffer.from(`data:${'x'.repeat(65_535)}\n`))),
    ],
  ])('rejects %s once it is over the limit', (_, fill) => {
    const parser = new SseParser();
    fill(parser);
    expect(() => parser.read(Buffer.from('xx'))).toThrow('larger');
  });
});
