import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  concat,
  decodeConfig,
  decodeConfigs,
  encodeConfig,
  encodeContextSet,
  encodeEnvelope,
  splitConfigs,
} from '../../src/ruleset/codec.js';
import type { Config } from '../../src/ruleset/model.js';
import { ENVIRONMENT, flag, liveConfig, PROJECT, tombstone } from './arbitrary.js';

describe('encodeConfig', () => {
  it('encodes equal configs to equal bytes, in any order of their members', () => {
    const reversed = (value: unknown): unknown => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([name, content]) => [name, reversed(content)]),
      );
    };
    fc.assert(
      fc.property(liveConfig(), (config) => {
        // Maps keep the order of their keys, which is data.
        const plain = { ...config, rows: config.rows?.map(({ properties: _, ...row }) => row) };
        const { bytes } = encodeConfig(plain as Config);
        expect(encodeConfig(reversed(plain) as Config).bytes).toEqual(bytes);
        expect(encodeConfig(decodeConfig(encodeConfig(plain as Config))).bytes).toEqual(bytes);
      }),
    );
  });
});

describe('an encoded config', () => {
  it('an encoded config states its id, beyond 2^53, and its key', () => {
    const { id, key } = encodeConfig({ ...flag('a.b'), id: '17018962363976479' });
    expect({ id, key }).toEqual({ id: 17018962363976479n, key: 'a.b' });
  });

  it.each([
    ['a live one', flag('a'), false],
    ['a tombstone', tombstone('a'), true],
    ['type DELETED, but with rows', { ...flag('a'), configType: 'DELETED' }, false],
  ])('an encoded config says whether it is deleted: %s', (_, config, deleted) => {
    expect(encodeConfig(config).deleted).toBe(deleted);
  });
});

describe('an encoded Configs', () => {
  it('an encoded Configs is split into the elements that it was assembled from', () => {
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

  it('an encoded Configs carries the pointer and the default context', () => {
    const contexts = { contexts: [{ type: 'user', values: { plan: { string: 'pro' } } }] };
    const defaultContext = encodeContextSet(contexts);
    expect(decodeConfigs(encodeEnvelope({ id: 5n, projectId: PROJECT, defaultContext }))).toEqual({
      configServicePointer: { projectId: '3', projectEnvId: '5' },
      defaultContext: contexts,
    });
  });
});
