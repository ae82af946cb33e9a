import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { planChange } from '../../src/commit/plan.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { ConfigsMessage } from '../../src/ruleset/schema.js';
import { readSubmittedJson, readSubmittedProtobuf } from '../../src/ruleset/submitted.js';
import { ENVIRONMENT, liveConfig, PROJECT } from './arbitrary.js';
import { isOrderly, refusal } from './errors.js';

const encode = (configs: object[]) => ConfigsMessage.encode(ConfigsMessage.fromObject({ configs })).finish();

/** A length-delimited field with this content, inside which others nest. */
function field(number: number, ...content: Uint8Array[]): Uint8Array {
  return protobuf.Writer.create()
    .uint32((number << 3) | 2)
    .bytes(Buffer.concat(content))
    .finish();
}

function varint(number: number, value: number): Uint8Array {
  return protobuf.Writer.create()
    .uint32(number << 3)
    .uint32(value)
    .finish();
}

/** Configs > Config > ConfigRow > ConditionalValue > ConfigValue */
const inValue = (...content: Uint8Array[]) => field(1, field(5, field(2, field(2, ...content))));
const AT = 'configs[0].rows[0].values[0].value';

describe('reading protobuf', () => {
  it('reads the same configs as from the JSON of the same ruleset', () => {
    fc.assert(
      fc.property(fc.array(liveConfig(), { maxLength: 4 }), (configs) => {
        expect(readSubmittedProtobuf(encode(configs))).toEqual(readSubmittedJson({ configs }));
      }),
    );
  });

  it('reads an empty body as no configs', () => {
    expect(readSubmittedProtobuf(Buffer.alloc(0))).toEqual([]);
  });
});

describe('refusing ambiguous protobuf', () => {
  it.each<[string, Uint8Array, string]>([
    ['an element that is longer than the body', Buffer.from([10, 200]), 'body_invalid -'],
    ['a field number 0', Buffer.from([0, 0]), 'body_invalid -'],
    ['a group that is never closed', Buffer.from([0xa3, 0x06]), 'body_invalid -'],
    ['a varint that is cut off', field(1, Buffer.from([8, 0x80])), 'body_invalid -'],
    ['a known field with another wire type', field(1, varint(3, 5)), 'field_invalid configs[0].key'],
    ['a key that is not UTF-8', field(1, field(3, Buffer.from([0xff]))), 'field_invalid configs[0].key'],
    ['a key given twice', field(1, field(3), field(3)), 'field_invalid configs[0].key'],
    ['an unknown enum number', field(1, varint(7, 99)), 'field_invalid configs[0].configType'],
    ['two members of a oneof', inValue(varint(5, 1), varint(1, 5)), `field_invalid ${AT}.int`],
    ['a message given twice', field(1, field(4), field(4)), 'field_invalid configs[0].changedBy'],
    [
      'a map entry with something else in it',
      field(1, field(5, field(3, field(1, Buffer.from('k')), varint(3, 1)))),
      'field_invalid configs[0].rows[0].properties["k"]',
    ],
    [
      'a wrong value in a map',
      field(1, field(5, field(3, field(1, Buffer.from('k')), field(2, varint(9, 4))))),
      'field_invalid configs[0].rows[0].properties["k"].logLevel',
    ],
    [
      'the second config, by its index',
      Buffer.concat([field(1), field(1, varint(7, 99))]),
      'field_invalid configs[1].configType',
    ],
  ])('%s', (_, bytes, error) => {
    expect(refusal(() => readSubmittedProtobuf(bytes))).toBe(error);
  });

  it('refuses nesting beyond the limit before the stack is exhausted', () => {
    let nested = varint(5, 1);
    for (let depth = 0; depth < 5_000; depth++) nested = field(6, field(1, field(2, nested)));
    expect(refusal(() => readSubmittedProtobuf(inValue(nested)))).toMatch(/^field_invalid configs\[0\]/);
  });

  it('refuses groups in groups in groups', () => {
    expect(refusal(() => readSubmittedProtobuf(Buffer.alloc(100_000, Buffer.from([0xa3, 0x06]))))).toBe(
      'body_invalid -',
    );
  });
});

describe('reading and planning any bytes', () => {
  const settings = { id: ENVIRONMENT, projectId: PROJECT, name: 'test' };
  const ruleset = new Ruleset({
    environment: ENVIRONMENT,
    version: 0n,
    at: 0n,
    envelope: Buffer.alloc(0),
    configs: [],
  });
  const submit = (bytes: Uint8Array) => planChange({ ruleset, settings }, readSubmittedProtobuf(bytes), 1n);

  it('throws nothing but a HoldfastError for random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => isOrderly(() => submit(bytes))));
  });

  it('throws nothing but a HoldfastError for valid bytes with some of them changed', () => {
    const edit = fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }) });
    const valid = fc.array(liveConfig(), { minLength: 1, maxLength: 2 }).map(encode);
    fc.assert(
      fc.property(valid, fc.array(edit, { maxLength: 3 }), fc.nat({ max: 10 }), (bytes, edits, cutOff) => {
        const damaged = Buffer.from(bytes.subarray(0, Math.max(0, bytes.length - cutOff)));
        for (const { at, to } of edits) if (damaged.length > 0) damaged[at % damaged.length] = to;
        return isOrderly(() => submit(damaged));
      }),
      { numRuns: 500 },
    );
  });
});
