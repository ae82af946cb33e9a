import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { encodeConfig, encodeContextSet } from '../../src/ruleset/codec.js';
import { decodeConfigs, decodeContextSet, configMessageOf, splitConfigs } from '../../src/ruleset/decode.js';
import { PROTO } from '../../src/ruleset/proto.js';
import { Reader } from '../../src/ruleset/reader.js';
import { ConfigsMessage, ContextSetMessage } from '../../src/ruleset/schema.js';
import { readShapes, type FieldType } from '../../src/ruleset/shapes.js';
import { liveConfig } from './arbitrary.js';

const asJson = { longs: String, enums: String, bytes: String, json: true, oneofs: false } as const;

/** The message as protobufjs decodes it; `undefined` when it throws. */
function reference(type: protobuf.Type, bytes: Uint8Array): unknown {
  try {
    return type.toObject(type.decode(bytes), asJson);
  } catch {
    return undefined;
  }
}

function ours(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): unknown {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}

function element(message: Uint8Array): Uint8Array {
  return protobuf.Writer.create().uint32(10).bytes(message).finish();
}

describe('our reader and protobufjs', () => {
  it('declare the same messages, fields and enums', () => {
    const { root } = protobuf.parse(PROTO, { keepCase: true });
    root.resolveAll();
    const theirs = new Map<string, unknown>();
    const walk = (space: protobuf.NamespaceBase): void => {
      for (const each of space.nestedArray) {
        if (each instanceof protobuf.Type) theirs.set(each.name, each.fieldsArray.map(describeTheirs).sort());
        if (each instanceof protobuf.Namespace) walk(each);
      }
    };
    walk(root);
    const known = [...readShapes(PROTO)].map(([name, { fields }]): [string, unknown] => [
      name,
      [...fields]
        .map(([number, { name: field, label, presence, type }]) =>
          JSON.stringify([number, field, label, presence, describeType(type)]),
        )
        .sort(),
    ]);
    expect(known.length).toBeGreaterThan(15);
    expect(new Map(known)).toEqual(theirs);
  });

  it('our reader and protobufjs read every config to the same values', () => {
    fc.assert(
      fc.property(fc.array(liveConfig(), { maxLength: 4 }), (configs) => {
        const bytes = Buffer.concat(configs.map((config) => encodeConfig(config).bytes));
        expect(decodeConfigs(bytes)).toEqual(reference(ConfigsMessage, bytes));
        expect(splitConfigs(bytes).map(({ bytes: each }) => Buffer.from(each))).toEqual(
          configs.map((config) => Buffer.from(encodeConfig(config).bytes)),
        );
      }),
    );
  });

  it('agree on damaged bytes: on the values, and on which bytes are refused', () => {
    const damage = fc.record({
      at: fc.nat(),
      what: fc.constantFrom('cut', 'change', 'insert', 'double', 'remove'),
      byte: fc.nat(255),
    });
    fc.assert(
      fc.property(liveConfig(), fc.array(damage, { minLength: 1, maxLength: 3 }), (config, damages) => {
        let bytes = [...element(configMessageOf(encodeConfig(config)))];
        for (const { at, what, byte } of damages) {
          const place = at % (bytes.length + 1);
          if (what === 'cut') bytes = bytes.slice(0, place);
          else if (what === 'change') bytes[Math.min(place, bytes.length - 1)] = byte;
          else if (what === 'insert') bytes.splice(place, 0, byte);
          else if (what === 'remove') bytes.splice(place, 1);
          else bytes.splice(place, 0, ...bytes);
        }
        const damaged = Uint8Array.from(bytes);
        expect(ours(decodeConfigs, damaged)).toEqual(reference(ConfigsMessage, damaged));
      }),
      { numRuns: 2_000 },
    );
  });

  it('agree on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(ours(decodeContextSet, bytes)).toEqual(reference(ContextSetMessage, bytes));
        const wrapped = element(bytes);
        expect(ours(decodeConfigs, wrapped)).toEqual(reference(ConfigsMessage, wrapped));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['a message that comes in two pieces', '120408011000 12021802'],
    ['a default value after another one', '0a04080508 00'],
    ['an enum that is unknown', '0a023863'],
    ['a number over ten bytes', '0a0c08ffffffffffffffffff01'],
    ['a number over eleven bytes', '0a0d08ffffffffffffffffffff01'],
    ['a group that is unknown', '1b0801 1c'],
    ['a group that another one ends', '1b0801 24'],
    ['field number 0', '0000'],
    ['a known field with another wire type', '0a050d00000000'],
  ])('agree on %s', (_, hex) => {
    const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    expect(ours(decodeConfigs, bytes)).toEqual(reference(ConfigsMessage, bytes));
  });
});

describe('decodeContextSet', () => {
  it('keeps a property named __proto__ as data', () => {
    const values = JSON.parse('{"__proto__": {"string": "x"}}') as Record<string, { string: string }>;
    const bytes = encodeContextSet({ contexts: [{ type: 'user', values }] });
    const read = decodeContextSet(bytes).contexts?.[0]?.values ?? {};
    expect(Object.keys(read)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });
});

describe('Reader', () => {
  it('keeps a byte order mark as text', () => {
    for (const text of ['\uFEFFa', `\uFEFF${'long '.repeat(30)}`]) {
      const bytes = protobuf.Writer.create().string(text).finish();
      expect(new Reader(bytes).string()).toBe(text);
    }
  });

  it('refuses invalid UTF-8 in short and long texts', () => {
    for (const length of [1, 100]) {
      const bytes = Uint8Array.of(length, ...Array.from({ length }, () => 0xff));
      expect(() => new Reader(bytes).string()).toThrow(TypeError);
    }
  });

  it('Reader never reads past its end when the buffer is longer', () => {
    const bytes = Uint8Array.of(5, 97, 98, 99, 100, 101);
    expect(() => new Reader(bytes, 0, 4).string()).toThrow('too soon');
  });
});

function describeTheirs(field: protobuf.Field): string {
  const label = field.map ? 'map' : field.repeated ? 'repeated' : 'single';
  const { resolvedType } = field;
  const type =
    resolvedType instanceof protobuf.Enum
      ? Object.entries(resolvedType.values).map(([name, number]) => [number, name])
      : resolvedType instanceof protobuf.Type
        ? 'message'
        : field.type;
  const presence = field.partOf !== null;
  return JSON.stringify([field.id, field.name, label, presence, type]);
}

function describeType(type: FieldType): unknown {
  return type.kind === 'enum' ? [...type.names] : type.kind;
}
