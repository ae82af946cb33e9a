import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { concat, decodeConfig, encodeConfig, splitConfigs } from '../../src/ruleset/codec.js';
import { ConfigsMessage } from '../../src/ruleset/schema.js';
import { CONFIGS_SHAPE, type MessageShape } from '../../src/ruleset/shapes.js';
import { readSubmittedProtobuf } from '../../src/ruleset/submitted.js';
import { checkMessage } from '../../src/ruleset/wire.js';
import { liveConfig } from './arbitrary.js';
import { refusal } from './errors.js';
import { isGoMessage } from './go-wire.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** The bytes as the content of a length-delimited field. */
function field(number: number, content: Uint8Array): Uint8Array {
  return protobuf.Writer.create()
    .uint32((number << 3) | 2)
    .bytes(content)
    .finish();
}

/** A flag with these bytes at the end of its Config message. */
const inConfig = (bytes: Uint8Array) => field(1, Buffer.concat([field(3, Buffer.from('a')), bytes]));

const skipping = { subject: 'It', unknownFields: 'skip' } as const;

/** Bytes that Go, Java, Python or protobufjs refuses, as a field that no schema declares. */
const MALFORMED: [string, string][] = [
  ['a varint of eleven bytes', 'f80f 8080808080808080808001'],
  ['a varint of 65 bits', 'f80f ffffffffffffffffff02'],
  ['a varint of 70 bits', 'f80f ffffffffffffffffff7f'],
  ['a truncated varint', 'f80f 80'],
  ['a truncated fixed64', 'f90f 00000000000000'],
  ['a truncated fixed32', 'fd0f 000000'],
  ['a length beyond the message', 'fa0f 05 61'],
  ['a length of six bytes', 'fa0f 808080808000'],
  ['a length of 2^63', 'fa0f 80808080808080808001'],
  ['an empty group', 'fb0f fc0f'],
  ['an end of a group', 'fc0f'],
  ['wire type 6', 'fe0f 00'],
  ['wire type 7', 'ff0f 00'],
  ['field number 0', '00 00'],
  ['field number 2^29', '80808080 10 00'],
  ['a tag of six bytes', 'f88f80808000 00'],
];

describe('a malformed field that the schema does not declare', () => {
  it.each(MALFORMED)(
    'a malformed field that the schema does not declare is refused inside a config: %s',
    (_, bytes) => {
      expect(refusal(() => readSubmittedProtobuf(inConfig(hex(bytes))))).toBe('body_invalid -');
    },
  );

  it.each(MALFORMED)(
    'a malformed field that the schema does not declare is refused next to configs: %s',
    (_, bytes) => {
      expect(refusal(() => readSubmittedProtobuf(hex(bytes)))).toBe('body_invalid -');
    },
  );

  it.each(MALFORMED)(
    'a malformed field that the schema does not declare is refused in committed bytes too: %s',
    (_, bytes) => {
      expect(refusal(() => checkMessage(CONFIGS_SHAPE, inConfig(hex(bytes)), skipping))).toBe(
        'body_invalid -',
      );
    },
  );
});

describe('a well-formed field that the schema does not declare', () => {
  const valid = [
    ['a varint', 'f80f ffffffffffffffffff01'],
    ['a fixed64', 'f90f 0000000000000000'],
    ['bytes', 'fa0f 01 ff'],
    ['a fixed32', 'fd0f 00000000'],
    ['the largest field number', 'f8ffffff0f 00'],
  ];

  it.each(valid)(
    'a well-formed field that the schema does not declare is refused by its number in input: %s',
    (_, bytes) => {
      const number = bytes.startsWith('f8ff') ? 536_870_911 : 255;
      expect(refusal(() => readSubmittedProtobuf(inConfig(hex(bytes))))).toBe(
        `field_invalid configs[0].${number}`,
      );
    },
  );

  it.each(valid)(
    'a well-formed field that the schema does not declare passes in committed bytes: %s',
    (_, bytes) => {
      expect(refusal(() => checkMessage(CONFIGS_SHAPE, inConfig(hex(bytes)), skipping))).toBe('accepted');
    },
  );
});

describe('a declared field', () => {
  it.each([
    ['an int32 of 33 bits', field(5, field(2, field(2, field(6, field(1, hex('08 8080808010')))))), 'weight'],
    ['an enum of 33 bits', hex('38 8180808010'), 'configType'],
    ['a boolean of 2', hex('50 02'), 'sendToClientSdk'],
    ['half of a surrogate pair in UTF-8', field(11, hex('eda080')), 'schemaKey'],
    ['an overlong slash in UTF-8', field(11, hex('c0af')), 'schemaKey'],
  ])('a declared field is refused by its path: %s', (_, bytes, name) => {
    expect(refusal(() => readSubmittedProtobuf(inConfig(bytes)))).toMatch(
      new RegExp(`^field_invalid configs\\[0\\].*${name}`),
    );
  });
});

/**
 * The numbers of the fields that a shape does not declare, in a message and all messages inside.
 */
function undeclared(shape: MessageShape, bytes: Uint8Array): number[] {
  const reader = protobuf.Reader.create(bytes);
  const found: number[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const declared = shape.fields.get(tag >>> 3);
    if (declared === undefined) found.push(tag >>> 3);
    if (declared?.type.kind === 'message' && declared.label !== 'map') {
      found.push(...undeclared(declared.type.shape, reader.bytes()));
    } else {
      reader.skipType(tag & 7);
    }
  }
  return found;
}

describe('bytes that are accepted', () => {
  const plain = { longs: String, enums: String, bytes: String, defaults: false };
  const isSafe = (bytes: Uint8Array): boolean => {
    if (refusal(() => readSubmittedProtobuf(bytes)) !== 'accepted') return false;
    expect(isGoMessage(bytes)).toBe(true);
    const configs = readSubmittedProtobuf(bytes).map(({ config }) => config);
    const stored = concat(configs.map(encodeConfig), new Uint8Array());
    expect(isGoMessage(stored)).toBe(true);
    expect(undeclared(CONFIGS_SHAPE, stored)).toEqual([]);
    // protobufjs reads the same content from what came and from what is stored.
    const { configs: came = [] } = ConfigsMessage.toObject(ConfigsMessage.decode(bytes), plain) as {
      configs?: object[];
    };
    const { configs: kept = [] } = ConfigsMessage.toObject(ConfigsMessage.decode(stored), plain) as {
      configs?: object[];
    };
    expect(kept).toEqual(came);
    expect(splitConfigs(stored).map(decodeConfig)).toEqual(configs);
    return true;
  };
  const edit = fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }), insert: fc.boolean() });
  const field255 = fc.constantFrom(...MALFORMED.map(([, bytes]) => hex(bytes)));
  const encoded = fc
    .array(liveConfig(), { minLength: 1, maxLength: 2 })
    .map((configs) => concat(configs.map(encodeConfig), new Uint8Array()));

  it('decode equally in protobufjs and by the rules of Go, and are stored without undeclared fields', () => {
    let accepted = 0;
    fc.assert(
      fc.property(encoded, fc.array(edit, { maxLength: 2 }), (bytes, edits) => {
        const damaged = [...bytes];
        for (const { at, to, insert } of edits) damaged.splice(at % damaged.length, insert ? 0 : 1, to);
        if (isSafe(Uint8Array.from(damaged))) accepted++;
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(200);
  });

  it('bytes that are accepted never contain a malformed field, wherever it is inserted', () => {
    fc.assert(
      fc.property(encoded, fc.nat(), field255, (bytes, at, malformed) => {
        const place = at % (bytes.length + 1);
        isSafe(Buffer.concat([bytes.subarray(0, place), malformed, bytes.subarray(place)]));
      }),
      { numRuns: 1000 },
    );
  });

  it('bytes that are accepted are valid by the rules of Go when they are random', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => void isSafe(bytes)),
      { numRuns: 2000 },
    );
  });
});
