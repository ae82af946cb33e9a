import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CLIENT_SHARDS,
  keyChannel,
  parseGripLast,
  streamChannel,
  streamPositionText,
  type Stream,
} from '../../src/grip/channels.js';
import { clientPosition, LAST_BOUNDARY } from '../../src/ruleset/client-position.js';
import { MAX_ID } from '../../src/ruleset/version.js';

const ENVIRONMENT = 'environment-7; last-id=42';
const KEY = 'key-ab12; last-id=0';
const position = { stream: { kind: 'configs', environment: 7n }, keyId: 'ab12', position: 42n };
const CLIENTS = 'clients-7-3; last-id=42';

describe('Grip-Last', () => {
  it.each<[string, string | string[]]>([
    ['two headers', [ENVIRONMENT, KEY]],
    ['the other way round', [KEY, ENVIRONMENT]],
    ['one header with a comma', `${ENVIRONMENT}, ${KEY}`],
    ['without spaces', 'environment-7;last-id=42,key-ab12;last-id=0'],
    ['with more spaces', `  ${ENVIRONMENT}  ,  ${KEY}  `],
  ])('Grip-Last is read from %s', (_, header) => {
    expect(parseGripLast(header)).toEqual(position);
  });

  it('names the shard of an event stream', () => {
    const stream = { kind: 'clients', environment: 7n, shard: 3 };
    const at = (boundary: number) => ({ ...position, stream, position: clientPosition(42n, boundary) });
    expect(parseGripLast([KEY, CLIENTS])).toEqual(at(0));
    expect(parseGripLast([KEY, `${CLIENTS}-1795296825336`])).toEqual(at(1_795_296_825_336));
  });

  it.each<[string, string | string[] | undefined]>([
    ['nothing', undefined],
    ['an empty list', []],
    ['empty text', ''],
    ['only the environment', ENVIRONMENT],
    ['only the key', KEY],
    ['only an event stream', CLIENTS],
    ['an environment and its event stream', [ENVIRONMENT, CLIENTS, KEY]],
    ['two shards of an event stream', [CLIENTS, 'clients-7-4; last-id=42', KEY]],
    ['a shard that there is not', ['clients-7-8; last-id=42', KEY]],
    ['no shard', ['clients-7; last-id=42', KEY]],
    ['a shard of two digits', ['clients-7-03; last-id=42', KEY]],
    ['an event stream with leading zeros', ['clients-07-3; last-id=42', KEY]],
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
    ['a boundary on a stream of configs', ['environment-7; last-id=42-1000', KEY]],
    ['no boundary after its dash', ['clients-7-3; last-id=42-', KEY]],
    ['a boundary with leading zeros', ['clients-7-3; last-id=42-01', KEY]],
    ['something after the id', [`${ENVIRONMENT}; x=1`, KEY]],
    ['a key id with other characters', [ENVIRONMENT, 'key-a_b; last-id=0']],
    ['a trailing comma', `${ENVIRONMENT}, ${KEY},`],
  ])('Grip-Last with %s is not one', (_, header) => {
    expect(parseGripLast(header)).toBeUndefined();
  });

  it('Grip-Last never throws, whatever it is', () => {
    const words = fc.constantFrom(
      'environment-7',
      'clients-7-3',
      'key-a',
      '; last-id=',
      '5',
      ',',
      ' ',
      '-',
      '0',
      'x',
      '\0',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(words).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(fc.oneof(text, fc.array(text, { maxLength: 4 })), (header) => {
        const read = parseGripLast(header);
        if (read === undefined) return;
        // The reading is exactly what was written: one environment, one key, in one form.
        const parts = (typeof header === 'string' ? [header] : header)
          .join(',')
          .split(',')
          .map((part) => part.replaceAll(/\s/g, ''));
        expect(parts).toHaveLength(2);
        expect(parts).toContain(
          `${streamChannel(read.stream)};last-id=${streamPositionText(read.stream.kind, read.position)}`,
        );
        expect(parts.some((part) => part.startsWith(`${keyChannel(read.keyId)};last-id=`))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads back what a hold was given, for any stream, key and version', () => {
    const id = fc.bigInt({ min: 0n, max: MAX_ID });
    const boundary = fc.oneof(fc.constant(0), fc.nat(LAST_BOUNDARY));
    const keyId = fc.stringMatching(/^[A-Za-z0-9-]{1,64}$/);
    const stream = fc.oneof<fc.Arbitrary<Stream>[]>(
      fc.record({ kind: fc.constant('configs'), environment: id }),
      fc.record({ kind: fc.constant('clients'), environment: id, shard: fc.nat(CLIENT_SHARDS - 1) }),
    );
    fc.assert(
      fc.property(stream, keyId, id, boundary, (of, key, version, time) => {
        const position = of.kind === 'clients' ? clientPosition(version, time) : version;
        const lastId = streamPositionText(of.kind, position);
        const header = [`${streamChannel(of)}; last-id=${lastId}`, `${keyChannel(key)}; last-id=0`];
        expect(parseGripLast(header)).toEqual({ stream: of, keyId: key, position });
      }),
    );
  });
});
