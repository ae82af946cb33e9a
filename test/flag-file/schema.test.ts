/** The JSON Schema of flag files against the reader and the writer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readFlagFile } from '../../src/flag-file/read.js';
import { flagFileSchema } from '../../src/flag-file/schema.js';
import { writeFlagFile } from '../../src/flag-file/write.js';
import { ENVIRONMENT } from '../ruleset/arbitrary.js';
import { anyConfigs } from './arbitrary.js';

// YAML has NaN and infinite numbers, as doubles have.
const ajv = new Ajv({
  strictNumbers: false,
  allowUnionTypes: true,
  strictRequired: false,
  strictTypes: false,
});
const validate = ajv.compile(flagFileSchema());

/** The errors of a file; empty for a valid one. */
function errorsOf(text: string): string {
  return validate(parse(text)) ? '' : ajv.errorsText(validate.errors);
}

function file(...lines: string[]): string {
  return ['holdfast: 1', 'configs:', '  a:', ...lines.map((line) => `    ${line}`)].join('\n');
}

describe('the schema of flag files', () => {
  it('the schema takes the example of the documentation', () => {
    const example = readFileSync(join(import.meta.dirname, '../../examples/gitops/flags.yaml'), 'utf8');
    expect(errorsOf(example)).toBe('');
  });

  it('the schema takes whatever is written for any ruleset', () => {
    fc.assert(
      fc.property(anyConfigs, (configs) => {
        const text = writeFlagFile(configs, `${ENVIRONMENT}`);
        expect(errorsOf(text), text).toBe('');
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, string[]]>([
    ['a rollout of nearly nothing', ['type: flag', 'rollout: 0.000001% by user.key']],
    ['a rollout of all', ['type: flag', 'rollout: 100.0 % by user.key']],
    ['a random rollout', ['type: flag', 'rollout: {random: true, weights: [1: true, 2: false]}']],
    ['a variable', ['type: config', 'valueType: int', 'default: {$env: NAME}']],
    ['values elsewhere', ['type: flag', 'default: true', 'elsewhere: {default: false}']],
    [
      'conditions joined in a list',
      ['type: flag', 'rules: [{when: [a is b, c is d], value: true}]', 'default: false'],
    ],
    ['a log level in lower case', ['type: log-level', 'valueType: log-level', 'default: debug']],
  ])('the schema and the reader take %s', (_, lines) => {
    expect(errorsOf(file(...lines))).toBe('');
    expect(readFlagFile(file(...lines), { name: 'f', environment: '7' })).toHaveLength(1);
  });

  it.each<[string, string[]]>([
    ['an unknown key', ['type: flag', 'defalt: true']],
    [
      'an unknown key of a rule',
      ['type: flag', 'rules: [{when: a is b, value: true, then: 1}]', 'default: true'],
    ],
    ['no type', ['default: true']],
    ['an unknown type', ['type: flg', 'default: true']],
    ['an unknown value type', ['type: config', 'valueType: text', 'default: a']],
    ['a percentage over 100', ['type: flag', 'rollout: 101% by user.key']],
    ['a percentage a little over 100', ['type: flag', 'rollout: 100.5% by user.key']],
    ['a share over 100', ['type: flag', 'rollout: {by: user.key, values: [120%: true]}']],
    ['a rollout by nothing', ['type: flag', 'rollout: {values: [100%: true]}']],
    ['a random rollout by a property', ['type: flag', 'rollout: {by: a, random: true, weights: [1: true]}']],
    ['shares and weights', ['type: flag', 'rollout: {by: a, values: [100%: true], weights: [1: true]}']],
    ['a rule without value', ['type: flag', 'rules: [{when: a is b}]', 'default: true']],
    ['a rule without condition', ['type: flag', 'rules: [{value: true}]', 'default: true']],
    ['a value and a rollout', ['type: flag', 'default: true', 'rollout: 5% by user.key']],
    ['a value of another type', ['type: config', 'valueType: int', 'default: five']],
    [
      'a rule with a value of another type',
      ['type: flag', 'valueType: bool', 'rules: [{when: a is b, value: "on"}]', 'default: true'],
    ],
    ['a value of two kinds', ['type: config', 'valueType: string', 'default: {$value: a, $env: A}']],
    ['a note without a value', ['type: config', 'valueType: string', 'default: {$name: a}']],
    ['proto next to other keys', ['type: flag', 'proto: {}']],
    [
      'values everywhere and elsewhere',
      ['type: flag', 'everywhere: true', 'default: true', 'elsewhere: {default: true}'],
    ],
  ])('the schema and the reader refuse %s', (_, lines) => {
    expect(errorsOf(file(...lines))).not.toBe('');
    expect(() => readFlagFile(file(...lines), { name: 'f', environment: '7' })).toThrow(/^f:\d+:\d+: /);
  });

  it.each(['configs: {}', 'holdfast: 2\nconfigs: {}', 'holdfast: 1', 'holdfast: 1\nconfigs: []'])(
    'the schema refuses a file of another form: %j',
    (text) => {
      expect(errorsOf(text)).not.toBe('');
    },
  );
});
