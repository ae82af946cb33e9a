/** The outcome of events, on a real Redis. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deletion, flag, text } from '../support/configs.js';
import { change, encodeConfigs, json, INBOX, REJECTED, type Fields } from '../support/inbox.js';
import { refusals } from './refusals.js';
import { until } from '../support/until.js';
import { sharedInbox } from '../support/shared.js';

const stack = sharedInbox();

const numbered = (n: number): string[] => Array.from({ length: n }, (_, i) => `k${i}`);
/** A rejected event: the reason, and its own fields as text. */
async function reasons(): Promise<{ code: string; field: string; fields: string[][] }[]> {
  return (await stack.rejected()).map(({ fields }) => ({
    code: fields[1]![1].toString(),
    field: fields[3]![1].toString(),
    fields: fields.slice(6).map((pair) => pair.map(String)),
  }));
}

describe('events', () => {
  it('events are committed in the order in which they were added, before and while they are read', async () => {
    for (let i = 0; i < 20; i++) await stack.addChange(1 + (i % 2), change(`k${i}`));
    const { counts } = await stack.consume();
    for (let i = 20; i < 40; i++) await stack.addChange(1 + (i % 2), change(`k${i}`));
    await stack.settled();
    expect(await stack.committed()).toEqual(numbered(40));
    expect(counts).toEqual({ committed: 40, repeated: 0, rejected: [] });
  });

  it('events of one millisecond keep their order', async () => {
    const adding = stack.raw.pipeline();
    for (const key of numbered(50)) adding.xadd(INBOX, '*', 'environment', '1', 'json', json(change(key)));
    await adding.exec();
    await stack.consume();
    await stack.settled();
    expect(await stack.committed()).toEqual(numbered(50));
  });

  it('events leave nothing behind in the group', async () => {
    await stack.addChange(1, change('a'));
    await stack.addChange(9, change('a'));
    await stack.consume();
    await stack.settled();
    expect(await stack.raw.xpending(INBOX, 'holdfast')).toEqual([0, null, null, null]);
  });

  it('events carry JSON or protobuf, which is stored in one canonical encoding', async () => {
    await stack.add(['json', json(text('a', 'é'))], ['environment', '1']);
    // sendToClientSdk (10) before all other fields: another encoding of the same config.
    const encoded = encodeConfigs(text('b', 'x')).subarray(2);
    const message = Buffer.concat([Buffer.from('5001', 'hex'), encoded]);
    const configs = Buffer.concat([Buffer.of(0x0a, message.length), message]);
    await stack.add(['environment', '1'], ['configs', configs]);
    await stack.consume();
    await stack.settled();
    expect(await stack.committed()).toEqual(['a', 'b']);
    const stored = await stack.raw.hgetBuffer('{holdfast}:configs:1', 'b');
    expect(stored!.toString('hex')).toMatch(/5001$/);
  });

  it('events are rejected with a field that the schema does not declare, or one that is malformed', async () => {
    for (const field of ['c23e0161', 'f80f8080808080808080808001']) {
      const encoded = encodeConfigs(text('b', 'x')).subarray(2);
      const message = Buffer.concat([encoded, Buffer.from(field, 'hex')]);
      const configs = Buffer.concat([Buffer.of(0x0a, message.length), message]);
      await stack.add(['environment', '1'], ['configs', configs]);
    }
    await stack.consume();
    await stack.settled();
    expect((await reasons()).map(({ code }) => code)).toEqual(['field_invalid', 'body_invalid']);
  });

  it('events that delete a config twice, or one that never existed, are committed without effect', async () => {
    await stack.addChange(1, change('a'));
    for (const key of ['a', 'a', 'typo']) await stack.addChange(1, deletion(key));
    const { counts } = await stack.consume();
    await stack.settled();
    expect(await stack.committed()).toEqual(['a', 'a']);
    expect(counts).toEqual({ committed: 4, repeated: 0, rejected: [] });
  });

  it('events are noticed within a moment by a consumer that waits', async () => {
    const { consumer } = await stack.consume();
    await until('it waits', async () => String(await stack.raw.client('LIST')).includes('cmd=xreadgroup'));
    const before = performance.now();
    await stack.addChange(1, change('a'));
    await stack.settled();
    expect(performance.now() - before).toBeLessThan(900);
    expect(consumer.status()).toEqual({ waiting: 0, rejected: 0 });
  });

  it('events that are added before the first consumer ever came are committed', async () => {
    await stack.addChange(1, change('a'));
    expect(await stack.raw.xinfo('GROUPS', INBOX)).toEqual([]);
    await stack.consume();
    await stack.settled();
    expect(await stack.committed()).toEqual(['a']);
  });

  it('events that are larger than an event may be are rejected without being read, with all their bytes', async () => {
    const large = 'x'.repeat(3 * 1024 * 1024);
    await stack.add(['environment', '1'], ['json', large]);
    await stack.add(['environment', '1'], ['json', json().padEnd(1024 * 1024 + 1)]);
    await stack.add(['environment', '1'], ['json', json(change('a')).padEnd(1024 * 1024)]);
    await stack.consume();
    await stack.settled();
    expect(await stack.committed()).toEqual(['a']);
    const [first, second] = await reasons();
    expect([first!.code, second!.code]).toEqual(['change_too_large', 'change_too_large']);
    expect(first!.fields[1]![1]).toBe(large);
  });
});

describe('an event id', () => {
  const add = (event: string, value: boolean, environment = '1') =>
    stack.add(['environment', environment], ['event', event], ['json', json(flag('a', value))]);

  it('an event id makes an event that is added again have no effect', async () => {
    await add('e', true);
    await add('e', true);
    await add('f', false);
    await add('e', true);
    const { counts } = await stack.consume();
    await stack.settled();
    expect(await stack.committed()).toEqual(['a', 'a']);
    expect(counts).toEqual({ committed: 2, repeated: 2, rejected: [] });
  });

  it('an event id belongs to its environment', async () => {
    await add('e', true, '1');
    await add('e', true, '2');
    const { counts } = await stack.consume();
    await stack.settled();
    expect(counts.committed).toBe(2);
  });

  it('an event id of another change is rejected', async () => {
    await add('e', true);
    await add('e', false);
    const { counts } = await stack.consume();
    await stack.settled();
    expect(counts).toEqual({ committed: 1, repeated: 0, rejected: ['idempotency_mismatch'] });
    const [reason] = await reasons();
    expect(reason).toMatchObject({ code: 'idempotency_mismatch', field: 'event' });
  });

  it('an event id of an event that was rejected can be used again', async () => {
    await stack.add(['environment', '1'], ['event', 'e'], ['json', '{']);
    await add('e', true);
    const { counts } = await stack.consume();
    await stack.settled();
    expect(counts).toEqual({ committed: 1, repeated: 0, rejected: ['body_invalid'] });
  });
});

describe('an event that fails validation', () => {
  it('an event that fails validation is rejected with its code and all its fields, whatever the reason, and the others are committed', async () => {
    await stack.add(['environment', '1'], ['event', 'used'], ['json', json(change('before'))]);
    for (const [, fields] of refusals) await stack.add(...fields);
    await stack.addChange(1, change('after'));
    const { counts } = await stack.consume();
    await stack.settled();
    expect(counts.rejected).toEqual(refusals.map(([code]) => code));
    const rejected = await reasons();
    expect(rejected.map(({ code }) => code)).toEqual(refusals.map(([code]) => code));
    expect(rejected.map(({ fields }) => fields)).toEqual(
      refusals.map(([, fields]) => fields.map((pair) => pair.map(String))),
    );
    expect(await stack.committed()).toEqual(['before', 'after']);
  });

  it('an event that fails validation says why, which event it was, and when', async () => {
    const id = await stack.add(['environment', '7'], ['json', json(change('a'))]);
    await stack.consume();
    await stack.settled();
    const [{ fields } = { fields: [] }] = await stack.rejected();
    const [seconds] = await stack.raw.time();
    const at = Date.parse(fields[4]![1].toString());
    expect(Math.abs(at - Number(seconds) * 1000)).toBeLessThan(10_000);
    expect(fields.slice(0, 6).map((pair) => pair.map(String))).toEqual([
      ['holdfast-event', id],
      ['holdfast-code', 'environment_unknown'],
      ['holdfast-message', expect.stringContaining('environment 7 does not exist')],
      ['holdfast-field', ''],
      ['holdfast-at', new Date(at).toISOString()],
      ['holdfast-form', 'plain'],
    ]);
  });

  it('an event that fails validation keeps every byte, names that are ours, doubles and their order', async () => {
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const fields: Fields = [
      [everyByte, everyByte],
      ['holdfast-event', 'mine'],
      ['holdfast-form', 'packed'],
      ['environment', '1'],
      ['environment', '1'],
      ['', ''],
    ];
    await stack.add(...fields);
    await stack.consume();
    await stack.settled();
    const [{ fields: kept } = { fields: [] }] = await stack.rejected();
    expect(kept.slice(6)).toEqual(fields.map((pair) => pair.map((each) => Buffer.from(each))));
  });

  it('an event that fails validation is rejected also with more fields than a script can pass on', async () => {
    const many = (n: number): Fields => Array.from({ length: n }, (_, i) => [`f${i}`, `${i}`] as const);
    for (const n of [3500, 3501, 20_000]) await stack.add(...many(n));
    await stack.addChange(1, change('a'));
    const { counts } = await stack.consume();
    await stack.settled();
    expect(counts.rejected).toEqual(['field_invalid', 'field_invalid', 'field_invalid']);
    const [plain, packed, huge] = await stack.rejected();
    expect(plain!.fields.length).toBe(6 + 3500);
    expect([packed, huge].map((each) => each!.fields.slice(5).map(([name]) => name.toString()))).toEqual([
      ['holdfast-form', 'holdfast-packed'],
      ['holdfast-form', 'holdfast-packed'],
    ]);
    const unpacked = await stack.raw.eval(
      "return cmsgpack.unpack(redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1][2][14])",
      1,
      REJECTED,
      huge!.id,
    );
    expect(unpacked).toEqual(many(20_000).flat());
    expect(await stack.committed()).toEqual(['a']);
  });
});

describe('garbage', () => {
  it('garbage never stops the inbox: each event is committed or rejected, and none is both', async () => {
    const bytes = fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array));
    const id = fc.constantFrom('1', '2', '3', '0', '');
    const garbled = fc.oneof(
      bytes,
      fc.json().map((text) => Buffer.from(text)),
      fc.constantFrom('x', 'y').map((key) => Buffer.from(json(change(key)))),
      fc.constantFrom('x', 'y').map((key) => Buffer.from(json(deletion(key)))),
      bytes.map((array) => Buffer.concat([encodeConfigs(change('z')), array])),
    );
    const pair = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.tuple(
          fc.constant('environment'),
          id.map((text) => Buffer.from(text)),
        ),
      },
      { weight: 3, arbitrary: fc.tuple(fc.constantFrom('json', 'configs'), garbled) },
      {
        weight: 1,
        arbitrary: fc.tuple(
          fc.constant('event'),
          fc.constantFrom('e', 'f').map((text) => Buffer.from(text)),
        ),
      },
      { weight: 1, arbitrary: fc.tuple(fc.constantFrom('json', 'constructor', '__proto__'), bytes) },
    );
    const plausible = fc
      .tuple(fc.constantFrom('1', '2'), garbled)
      .map(([environment, value]) => [
        ['environment', Buffer.from(environment)] as [string, Buffer],
        ['json', value] as [string, Buffer],
      ]);
    const event = fc.oneof(plausible, fc.array(pair, { minLength: 1, maxLength: 4 }));
    const { counts } = await stack.consume();
    let added = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 30, maxLength: 30 }), async (events) => {
        const adding = stack.raw.pipeline();
        for (const fields of events) adding.xadd(INBOX, '*', ...fields.flat());
        await adding.exec();
        added += events.length;
        await stack.settled();
      }),
      { numRuns: 40, endOnFailure: true },
    );
    const total = () => counts.committed + counts.repeated + counts.rejected.length;
    await until('the last is counted', () => total() >= added);
    expect(total()).toBe(added);
    expect(await stack.raw.xlen(REJECTED)).toBe(counts.rejected.length);
    expect(counts.rejected).not.toContain('internal');
    // Enough events of each kind for a meaningful test.
    expect(Math.min(counts.committed, counts.rejected.length)).toBeGreaterThan(added / 20);
  });
});
