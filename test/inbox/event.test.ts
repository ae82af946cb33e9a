import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../src/core/errors.js';
import { readEvent } from '../../src/inbox/event.js';
import { encodeConfigs } from '../support/inbox.js';
import type { InboxEvent } from '../../src/store/inbox.js';
import { flag } from '../support/configs.js';

type Pair = readonly [string | Buffer, string | Buffer];

function event(...pairs: Pair[]): InboxEvent {
  const fields = pairs.map(([name, value]) => ({ name: Buffer.from(name), value: Buffer.from(value) }));
  const bytes = fields.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  return { id: '1-0', bytes, fields };
}

const json = JSON.stringify({ configs: [flag('a', true)] });
const valid: readonly Pair[] = [
  ['environment', '1'],
  ['json', json],
];

function refusal(...pairs: Pair[]): HoldfastError {
  try {
    readEvent(event(...pairs));
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('an event', () => {
  it('an event is read from JSON and from protobuf to the same configs', () => {
    const fromJson = readEvent(event(...valid)).request;
    const bytes = encodeConfigs(flag('a', true));
    const fromProtobuf = readEvent(event(['configs', bytes], ['environment', '1'])).request;
    expect(fromJson.environment).toBe(1n);
    expect(fromJson.configs.map(({ config }) => config)).toEqual(
      fromProtobuf.configs.map(({ config }) => config),
    );
    expect(fromJson.configs[0]?.config.key).toBe('a');
  });

  it('an event has the identity of the request that it would be over HTTP', () => {
    const { request, digest } = readEvent(event(...valid, ['event', 'é-1']));
    expect(request.idempotency).toEqual({ key: 'é-1', digest, field: 'event' });
    expect(readEvent(event(...valid)).request.idempotency).toBeUndefined();
    expect(readEvent(event(['environment', '2'], ['json', json])).digest).not.toBe(digest);
  });

  it.each<[string, Pair[], string, string]>([
    ['no environment', [['json', json]], 'field_invalid', 'environment'],
    [
      'an empty environment',
      [
        ['environment', ''],
        ['json', json],
      ],
      'field_invalid',
      'environment',
    ],
    [
      'environment 0',
      [
        ['environment', '0'],
        ['json', json],
      ],
      'field_invalid',
      'environment',
    ],
    [
      'an environment above 2^63',
      [
        ['environment', `${2n ** 63n}`],
        ['json', json],
      ],
      'field_invalid',
      'environment',
    ],
    [
      'an environment with a sign',
      [
        ['environment', '+1'],
        ['json', json],
      ],
      'field_invalid',
      'environment',
    ],
    [
      'bytes as environment',
      [
        ['environment', Buffer.of(0xff, 0)],
        ['json', json],
      ],
      'field_invalid',
      'environment',
    ],
    ['no change', [['environment', '1']], 'field_invalid', 'json'],
    ['both forms', [...valid, ['configs', '']], 'field_invalid', 'configs'],
    ['a field twice', [...valid, ['environment', '1']], 'field_invalid', 'environment'],
    ['a misspelt field', [...valid, ['evnet', 'x']], 'field_invalid', 'evnet'],
    ['a field in capitals', [...valid, ['Event', 'x']], 'field_invalid', 'Event'],
    ['a field of bytes', [...valid, [Buffer.of(0xff, 0x0a), 'x']], 'field_invalid', '"\uFFFD\\n"'],
    ['an empty event id', [...valid, ['event', '']], 'field_invalid', 'event'],
    ['a long event id', [...valid, ['event', 'x'.repeat(256)]], 'field_invalid', 'event'],
    ['an event id that is no UTF-8', [...valid, ['event', Buffer.of(0xc3)]], 'field_invalid', 'event'],
    [
      'text that is not JSON',
      [
        ['environment', '1'],
        ['json', '{'],
      ],
      'body_invalid',
      'json',
    ],
    [
      'JSON that is no UTF-8',
      [
        ['environment', '1'],
        ['json', Buffer.of(0x22, 0xff, 0x22)],
      ],
      'body_invalid',
      'json',
    ],
    [
      'JSON that is no object',
      [
        ['environment', '1'],
        ['json', '[]'],
      ],
      'body_invalid',
      'json',
    ],
    [
      'bytes that are no protobuf',
      [
        ['environment', '1'],
        ['configs', Buffer.of(0x0a, 0xff)],
      ],
      'body_invalid',
      'configs',
    ],
    [
      'an unknown member',
      [
        ['environment', '1'],
        ['json', '{"confgs": []}'],
      ],
      'field_invalid',
      'confgs',
    ],
    [
      'a change over 1 MiB',
      [
        ['environment', '1'],
        ['json', ' '.repeat(1024 * 1024 + 1)],
      ],
      'change_too_large',
      'json',
    ],
  ])('an event with %s is refused, by the name of the field', (_, pairs, code, field) => {
    const error = refusal(...pairs);
    expect([error.code, error.field]).toEqual([code, field]);
    expect(error.message).toContain(field);
  });

  it('an event that came without its fields is too large', () => {
    const read = () => readEvent({ id: '1-0', bytes: 2_000_000, fields: undefined });
    expect(read).toThrow(expect.objectContaining({ code: 'change_too_large', field: undefined }));
  });

  it('an event of the largest size and with the longest id is read', () => {
    const body = json.padEnd(1024 * 1024);
    expect(
      readEvent(event(['environment', '1'], ['json', body], ['event', 'é'.repeat(255)])).request.configs,
    ).toHaveLength(1);
  });

  it('an event of any bytes is read or refused, and nothing else', () => {
    const value = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.json(),
      fc.constantFrom('1', json, '', '{"configs": [{}]}'),
    );
    const name = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom('environment', 'json', 'configs', 'event') },
      { weight: 1, arbitrary: value },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 5 }), (pairs) => {
        try {
          readEvent(event(...pairs));
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
