import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventIds } from '../../bench/event-ids.js';

const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const STREAM = `${HEAD}2e\r\n\n: holdfast\nretry: 1234\ndata: YQ==\nid: 17\n\n\r\nd\r\n: keep-alive\n\r\n`;

it('finds the ids of a stream, in order, whatever stands between the events', () => {
  const next = '1a\r\ndata: aWQ6IDE4\nid: 1700000000000001\n\ndata: Yg==\nid: 9223372036854775807\n\n\r\n';
  expect(new EventIds().take(Buffer.from(STREAM + next))).toEqual([
    '17',
    '1700000000000001',
    '9223372036854775807',
  ]);
});

it('finds each id once, wherever the bytes are parted', () => {
  const bytes = Buffer.from(`${STREAM}data: YQ==\nid: 18\n\ndata: YQ==\nid: 9223372036854775807\n\n`);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const ids = new EventIds();
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const found = places.flatMap((from, index) => ids.take(bytes.subarray(from, places[index + 1])));
      expect(found).toEqual(['17', '18', '9223372036854775807']);
    }),
  );
});

it('waits for the end of the line', () => {
  const ids = new EventIds();
  expect(ids.take(Buffer.from('\nid: 12'))).toEqual([]);
  expect(ids.take(Buffer.from('3\n'))).toEqual(['123']);
});
