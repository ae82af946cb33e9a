import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import {
  concat,
  decodeConfig,
  decodeConfigs,
  encodeConfig,
  encodeContextSet,
  encodeEnvelope,
  frameConfig,
  configMessageOf,
  splitConfigs,
  withIds,
} from '../../src/ruleset/codec.js';
import { MAX_ID } from '../../src/ruleset/version.js';
import { ENVIRONMENT, flag, liveConfig, PROJECT, tombstone } from './arbitrary.js';

/** Each field of a message as hex, without id (1) and project id (2). */
function otherFields(message: Uint8Array): string[] {
  const reader = protobuf.Reader.create(message);
  const fields: string[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    reader.skipType(tag & 7);
    if (tag >>> 3 > 2) fields.push(Buffer.from(message.subarray(start, reader.pos)).toString('hex'));
  }
  return fields;
}

/** Fields that the schema does not know, of every wire type. */
const unknownFields = fc
  .array(
    fc.record({
      number: fc.integer({ min: 20, max: 5000 }),
      wire: fc.constantFrom(0, 1, 2, 5),
      seed: fc.nat(),
    }),
    {
      maxLength: 4,
    },
  )
  .map((fields) => {
    const writer = protobuf.Writer.create();
    for (const { number, wire, seed } of fields) {
      writer.uint32((number << 3) | wire);
      if (wire === 0) writer.uint32(seed);
      else if (wire === 1) writer.double(seed);
      else if (wire === 2) writer.string(`unknown ${seed}`);
      else writer.fixed32(seed);
    }
    return writer.finish();
  });

describe('withIds', () => {
  it('sets id and project and keeps every other field, unknown ones too', () => {
    const id = fc.bigInt({ min: 1n, max: MAX_ID });
    fc.assert(
      fc.property(liveConfig(), unknownFields, id, id, (config, unknown, given, set) => {
        const encoded = encodeConfig({ ...config, id: `${given}`, projectId: '1' });
        const message = Buffer.concat([configMessageOf(encoded), unknown]);
        const result = frameConfig(withIds(message, { id: set, projectId: PROJECT }));
        expect(result.id).toBe(set);
        expect(decodeConfig(result)).toEqual({ ...config, id: `${set}`, projectId: `${PROJECT}` });
        expect(otherFields(configMessageOf(result))).toEqual(otherFields(message));
      }),
    );
  });

  it('is idempotent', () => {
    const once = withIds(configMessageOf(encodeConfig(flag('a'))), {
      id: 2n ** 60n + 1n,
      projectId: PROJECT,
    });
    expect(withIds(once, { id: 2n ** 60n + 1n, projectId: PROJECT })).toEqual(once);
  });
});

describe('an encoded config', () => {
  it('states its id, beyond 2^53, and its key', () => {
    const { id, key } = encodeConfig({ ...flag('a.b'), id: '17018962363976479' });
    expect({ id, key }).toEqual({ id: 17018962363976479n, key: 'a.b' });
  });

  it.each([
    ['a live one', flag('a'), false],
    ['a tombstone', tombstone('a'), true],
    ['type DELETED, but with rows', { ...flag('a'), configType: 'DELETED' }, false],
  ])('says whether it is deleted: %s', (_, config, deleted) => {
    expect(encodeConfig(config).deleted).toBe(deleted);
  });
});

describe('an encoded Configs', () => {
  it('is split into the elements that it was assembled from', () => {
    fc.assert(
      fc.property(fc.array(liveConfig(), { maxLength: 5 }), (configs) => {
        const elements = configs.map((config, index) => encodeConfig({ ...config, id: `${index + 1}` }));
        const bytes = concat(elements, encodeEnvelope({ id: ENVIRONMENT, projectId: PROJECT }));
        const split = splitConfigs(bytes);
        expect(split.map(({ id, key }) => [id, key])).toEqual(elements.map(({ id, key }) => [id, key]));
        expect(split.map((each) => Buffer.from(each.bytes))).toEqual(
          elements.map((each) => Buffer.from(each.bytes)),
        );
      }),
    );
  });

  it('carries the pointer and the default context', () => {
    const contexts = { contexts: [{ type: 'user', values: { plan: { string: 'pro' } } }] };
    const defaultContext = encodeContextSet(contexts);
    expect(decodeConfigs(encodeEnvelope({ id: 5n, projectId: PROJECT, defaultContext }))).toEqual({
      configServicePointer: { projectId: '3', projectEnvId: '5' },
      defaultContext: contexts,
    });
  });
});
