import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { environmentChannel, keyChannel, parseGripLast } from '../../src/grip/channels.js';
import { MAX_ID } from '../../src/ruleset/version.js';

const ENVIRONMENT = 'environment-7; last-id=42';
const KEY = 'key-ab12; last-id=0';
const position = { environment: 7n, keyId: 'ab12', version: 42n };

describe('Grip-Last', () => {
  it.each<[string, string | string[]]>([
    ['two headers', [ENVIRONMENT, KEY]],
    ['the other way round', [KEY, ENVIRONMENT]],
    ['one header with a comma', `${ENVIRONMENT}, ${KEY}`],
    ['without spaces', 'environment-7;last-id=42,key-ab12;last-id=0'],
    ['with more spaces', `  ${ENVIRONMENT}  ,  ${KEY}  `],
  ])('is read from %s', (_, header) => {
    expect(parseGripLast(header)).toEqual(position);
  });

  it.each<[string, string | string[] | undefined]>([
    ['nothing', undefined],
    ['an empty list', []],
    ['empty text', ''],
    ['only the environment', ENVIRONMENT],
    ['only the key', KEY],
    ['two environments', [ENVIRONMENT, 'environment-8; last-id=1', KEY]],
    ['one environment twice', [ENVIRONMENT, ENVIRONMENT, KEY]],
    ['two keys', [ENVIRONMENT, KEY, 'key-cd; last-id=0']],
    ['a second environment with a broken number', ['environment-x; last-id=1', ENVIRONMENT, KEY]],
    ['a second environment at a broken version', ['environment-7; last-id=01', ENVIRONMENT, KEY]],
    ['another channel', [ENVIRONMENT, KEY, 'other; last-id=1']],
    ['a channel without last-id', ['environment-7', KEY]],
    ['leading zeros', ['environment-07; last-id=42', KEY]],
    ['a version beyond int64', [`environment-7; last-id=${MAX_ID + 1n}`, KEY]],
    ['a negative version', ['environment-7; last-id=-1', KEY]],
    ['something after the id', [`${ENVIRONMENT}; x=1`, KEY]],
    ['a key id with other characters', [ENVIRONMENT, 'key-a_b; last-id=0']],
    ['a trailing comma', `${ENVIRONMENT}, ${KEY},`],
  ])('with %s is not one', (_, header) => {
    expect(parseGripLast(header)).toBeUndefined();
  });

  it('never throws, whatever it is', () => {
    const words = fc.constantFrom('environment-7', 'key-a', '; last-id=', '5', ',', ' ', '-', '0', 'x', '\0');
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(words).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(fc.oneof(text, fc.array(text, { maxLength: 4 })), (header) => {
        const read = parseGripLast(header);
        if (read === undefined) return;
        // What is read is exactly what was written: one environment, one key, in one form.
        const parts = (typeof header === 'string' ? [header] : header)
          .join(',')
          .split(',')
          .map((part) => part.replaceAll(/\s/g, ''));
        expect(parts).toHaveLength(2);
        expect(parts).toContain(`${environmentChannel(read.environment)};last-id=${read.version}`);
        expect(parts.some((part) => part.startsWith(`${keyChannel(read.keyId)};last-id=`))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads back what a hold was given, for any environment, key and version', () => {
    const id = fc.bigInt({ min: 0n, max: MAX_ID });
    const keyId = fc.stringMatching(/^[A-Za-z0-9-]{1,64}$/);
    fc.assert(
      fc.property(id, keyId, id, (environment, key, version) => {
        const header = [
          `${environmentChannel(environment)}; last-id=${version}`,
          `${keyChannel(key)}; last-id=0`,
        ];
        expect(parseGripLast(header)).toEqual({ environment, keyId: key, version });
      }),
    );
  });
});
