import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, decodeConfigs, encodeEnvelope, encodeConfig } from '../../src/ruleset/codec.js';
import { OPERATORS } from '../../src/ruleset/criteria.js';
import { readConfigsJson, readContextSetJson } from '../../src/ruleset/json.js';
import type { Configs } from '../../src/ruleset/model.js';
import { ConfigsMessage } from '../../src/ruleset/schema.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import { ENVIRONMENT, liveConfig, PROJECT } from './arbitrary.js';
import { isOrderly, refusal } from './errors.js';

const value = (content: unknown) => ({ configs: [{ rows: [{ values: [{ value: content }] }] }] });
const readValue = (content: unknown) =>
  readConfigsJson(value(content)).configs?.[0]?.rows?.[0]?.values?.[0]?.value;
const AT = 'configs[0].rows[0].values[0].value';

function encode(configs: Configs): Uint8Array {
  return ConfigsMessage.encode(ConfigsMessage.fromObject(configs)).finish();
}

describe('reading proto3-JSON', () => {
  it('an unknown operator is refused with the operators that commits accept, and no others', () => {
    const configs = [{ rows: [{ values: [{ criteria: [{ operator: 'IS' }] }] }] }];
    const names = `must be one of ${OPERATORS.join(', ')}, not "IS"`;
    expect(() => readConfigsJson({ configs })).toThrow(names);
    expect(OPERATORS).not.toContain('LOOKUP_KEY_IN');
  });

  it.each<[string, unknown, unknown]>([
    ['int64 as text', { int: '9223372036854775807' }, { int: '9223372036854775807' }],
    ['int64 as a number', { int: -5 }, { int: '-5' }],
    ['the lowest int64', { int: '-9223372036854775808' }, { int: '-9223372036854775808' }],
    ['a double as a number', { double: 0.5 }, { double: 0.5 }],
    ['a double as text', { double: '1e3' }, { double: 1000 }],
    ['a double that is no number', { double: 'NaN' }, { double: 'NaN' }],
    ['an infinite double', { double: '-Infinity' }, { double: '-Infinity' }],
    ['an enum by name', { logLevel: 'WARN' }, { logLevel: 'WARN' }],
    ['an enum by number', { logLevel: 5 }, { logLevel: 'WARN' }],
    ['base64', { bytes: '+/8=' }, { bytes: '+/8=' }],
    ['url-safe base64 without padding', { bytes: '-_8' }, { bytes: '+/8=' }],
    ['null as an absent field', { bool: true, string: null, confidential: null }, { bool: true }],
    ['snake_case names', { string_list: { values: ['a'] } }, { stringList: { values: ['a'] } }],
    ['a zero in a oneof, which has presence', { int: 0 }, { int: '0' }],
    ['an empty text in a oneof', { string: '' }, { string: '' }],
    [
      'an optional field with its default',
      { bool: true, confidential: false },
      { bool: true, confidential: false },
    ],
    ['int32 as text', { limitDefinition: { limit: '7' } }, { limitDefinition: { limit: 7 } }],
  ])('%s', (_, given, read) => {
    expect(readValue(given)).toEqual(read);
  });

  it('accepts snake_case names on all levels', () => {
    const configs = {
      configs: [{ config_type: 'CONFIG', value_type: 'BOOL', rows: [{ project_env_id: '7' }] }],
      config_service_pointer: { project_env_id: 7 },
    };
    expect(readConfigsJson(configs)).toEqual({
      configs: [{ configType: 'CONFIG', valueType: 'BOOL', rows: [{ projectEnvId: '7' }] }],
      configServicePointer: { projectEnvId: '7' },
    });
  });

  it('omits defaults of fields without presence', () => {
    const config = { id: 0, key: '', configType: 0, sendToClientSdk: false, rows: [] };
    expect(readConfigsJson({ configs: [config] })).toEqual({ configs: [{}] });
  });

  it('keeps a map key __proto__ as data', () => {
    const properties: unknown = JSON.parse('{"__proto__": {"bool": true}}');
    const read = readConfigsJson({ configs: [{ rows: [{ properties }] }] }).configs?.[0]?.rows?.[0]
      ?.properties;
    expect(Object.entries(read ?? {})).toEqual([['__proto__', { bool: true }]]);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });
});

describe('refusing anything else with the path of the field', () => {
  it.each<[string, unknown, string]>([
    ['a body that is a list', [], 'body_invalid -'],
    ['a body that is text', 'configs', 'body_invalid -'],
    ['a body that is null', null, 'body_invalid -'],
    ['an unknown field', { confgis: [] }, 'field_invalid confgis'],
    ['an unknown field with null', { configs: [{ keys: null }] }, 'field_invalid configs[0].keys'],
    ['a field named __proto__', JSON.parse('{"__proto__": {}}'), 'field_invalid __proto__'],
    [
      'a field of Object.prototype',
      { configs: [{ constructor: 1 }] },
      'field_invalid configs[0].constructor',
    ],
    ['an object for a list', { configs: {} }, 'field_invalid configs'],
    ['null inside a list', { configs: [null] }, 'field_invalid configs[0]'],
    ['a list for an object', { configs: [[]] }, 'field_invalid configs[0]'],
    ['a number for text', { configs: [{ key: 5 }] }, 'field_invalid configs[0].key'],
    ['half of a surrogate pair', { configs: [{ key: '\ud83d' }] }, 'field_invalid configs[0].key'],
    ['text for a boolean', value({ bool: 'true' }), `field_invalid ${AT}.bool`],
    ['an int64 that lost digits', { configs: [{ id: 2 ** 53 }] }, 'field_invalid configs[0].id'],
    ['an int64 with a fraction', value({ int: 1.5 }), `field_invalid ${AT}.int`],
    ['an int64 with an exponent', value({ int: '1e3' }), `field_invalid ${AT}.int`],
    ['an int64 with a leading zero', value({ int: '007' }), `field_invalid ${AT}.int`],
    ['an int64 out of range', value({ int: '9223372036854775808' }), `field_invalid ${AT}.int`],
    ['a megabyte of digits', value({ int: '9'.repeat(1_000_000) }), `field_invalid ${AT}.int`],
    [
      'an int32 out of range',
      value({ limitDefinition: { limit: 2 ** 31 } }),
      `field_invalid ${AT}.limitDefinition.limit`,
    ],
    ['a double that is text', value({ double: 'half' }), `field_invalid ${AT}.double`],
    ['a double beyond the range', value({ double: JSON.parse('1e999') }), `field_invalid ${AT}.double`],
    ['an unknown enum name', value({ logLevel: 'LOUD' }), `field_invalid ${AT}.logLevel`],
    ['an enum name of Object.prototype', value({ logLevel: 'toString' }), `field_invalid ${AT}.logLevel`],
    ['an enum number as text', value({ logLevel: '5' }), `field_invalid ${AT}.logLevel`],
    ['an unknown enum number', value({ logLevel: 4 }), `field_invalid ${AT}.logLevel`],
    ['text that is not base64', value({ bytes: 'a*' }), `field_invalid ${AT}.bytes`],
    ['base64 of a wrong length', value({ bytes: 'abcde' }), `field_invalid ${AT}.bytes`],
    ['two members of a oneof', value({ bool: true, string: 'on' }), `field_invalid ${AT}.string`],
    [
      'both spellings of a field',
      value({ logLevel: 'WARN', log_level: 'WARN' }),
      `field_invalid ${AT}.logLevel`,
    ],
    [
      'a wrong value in a map',
      { configs: [{ rows: [{ properties: { 'a"b': 1 } }] }] },
      'field_invalid configs[0].rows[0].properties["a\\"b"]',
    ],
    [
      'a criterion, deep inside',
      {
        configs: [{}, { rows: [{ values: [{}, { criteria: [{ operator: 'IS' }] }] }] }],
      },
      'field_invalid configs[1].rows[0].values[1].criteria[0].operator',
    ],
  ])('%s', (_, body, error) => {
    expect(refusal(() => readConfigsJson(body))).toBe(error);
  });

  it('refuses an unknown enum name and lists the valid ones', () => {
    expect(() => readValue({ logLevel: 'LOUD' })).toThrow(/one of .*DEBUG, INFO.*, not "LOUD"/);
  });

  it.each(['IS_PRESENT', 'IS_NOT_PRESENT'])(
    'refuses %s, an operator of a later schema, by name',
    (operator) => {
      const configs = [{ key: 'a', rows: [{ values: [{ criteria: [{ operator }] }] }] }];
      expect(refusal(() => readConfigsJson({ configs }))).toBe(
        'operator_unsupported configs[0].rows[0].values[0].criteria[0].operator',
      );
      expect(() => readConfigsJson({ configs })).toThrow(/is "IS_(NOT_)?PRESENT", .*PROP_MATCHES/);
    },
  );

  it('refuses a number beyond 2^53 and states the remedy', () => {
    expect(() => readConfigsJson({ configs: [{ id: 2 ** 54 }] })).toThrow(/write it as a string/);
  });

  it("refuses a field of a context set under the caller's path", () => {
    const contexts = [{ type: 'user', values: { age: { int: 'old' } } }];
    expect(refusal(() => readContextSetJson({ contexts }, 'defaultContext'))).toBe(
      'field_invalid defaultContext.contexts[0].values["age"].int',
    );
    expect(refusal(() => readContextSetJson([], 'defaultContext'))).toBe('field_invalid defaultContext');
  });

  it('refuses nesting beyond the limit before the stack is exhausted', () => {
    let nested: unknown = { bool: true };
    for (let depth = 0; depth < 100_000; depth++)
      nested = { weightedValues: { weightedValues: [{ value: nested }] } };
    expect(refusal(() => readConfigsJson(value(nested)))).toMatch(/^field_invalid configs\[0\]/);
  });
});

describe('for any ruleset', () => {
  it('encodes the JSON of decoded bytes to the same bytes', () => {
    fc.assert(
      fc.property(fc.array(liveConfig(), { maxLength: 4 }), (configs) => {
        const envelope = encodeEnvelope({ id: ENVIRONMENT, projectId: PROJECT });
        const elements = readSubmittedJson({ configs }).map(({ config }) => encodeConfig(config));
        const bytes = concat(elements, envelope);
        const json: unknown = JSON.parse(JSON.stringify(decodeConfigs(bytes)));
        expect(Buffer.from(encode(readConfigsJson(json))).equals(bytes)).toBe(true);
      }),
    );
  });

  it('reads into the normalised form, which encoding and decoding keep', () => {
    fc.assert(
      fc.property(fc.array(liveConfig(), { minLength: 1, maxLength: 3 }), (configs) => {
        const read = readConfigsJson({ configs });
        expect(decodeConfigs(encode(read))).toEqual(read);
      }),
    );
  });

  it('throws nothing but a HoldfastError for any input', () => {
    const names = fc.constantFrom(
      'configs',
      'rows',
      'values',
      'value',
      'criteria',
      'valueToMatch',
      'int',
      'weightedValues',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 12 },
        fc.jsonValue(),
        fc.dictionary(names, tie('tree'), { maxKeys: 3 }),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
    }));
    fc.assert(fc.property(tree, (body) => isOrderly(() => readConfigsJson(body))));
  });
});
