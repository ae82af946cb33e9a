import { describe, expect, it } from 'vitest';
import { encodeContextSet, encodeEnvelope } from '../../src/ruleset/codec.js';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import { NO_CONTEXTS } from '../../src/evaluate/contexts.js';
import { merge, readMessage } from '../../src/client/message.js';
import { plainOf } from '../../src/client/values.js';
import type { Ruleset } from '../../src/ruleset/ruleset.js';
import { boolean, configs, ENVIRONMENT } from './fake-source.js';

const take = (
  ruleset: Ruleset | undefined,
  version: bigint,
  ...list: Parameters<typeof configs>[0]
): ReturnType<typeof merge> => merge(ruleset, readMessage(configs(list)), version, ENVIRONMENT);

const idOf = (ruleset: Ruleset, key: string) => ruleset.get(key)?.id;

function valueOf(ruleset: Ruleset, key: string): unknown {
  const evaluation = new Evaluator(ruleset).evaluate(key, NO_CONTEXTS, { now: 0, random: () => 0 });
  return evaluation.kind === 'resolved' ? plainOf(evaluation.value) : evaluation.why;
}

describe('readMessage', () => {
  it('says environment, highest id and configs, and keeps the rest as the envelope', () => {
    const context = encodeContextSet({ contexts: [{ type: 'user', values: { plan: { string: 'pro' } } }] });
    const envelope = encodeEnvelope({ id: ENVIRONMENT, projectId: 1n, defaultContext: context });
    const bytes = Buffer.concat([envelope, configs([boolean('a', 5), boolean('b', 3)])]);
    const { environment, highest, configs: found } = readMessage(bytes);
    expect({ environment, highest, keys: found.map(({ key }) => key) }).toEqual({
      environment: ENVIRONMENT,
      highest: 5n,
      keys: ['a', 'b'],
    });
    expect(Buffer.from(readMessage(envelope).envelope)).toEqual(Buffer.from(envelope));
  });

  it('throws at bytes that are damaged', () => {
    expect(() => readMessage(configs([boolean('a', 5)]).subarray(0, -2))).toThrow();
  });
});

describe('merge', () => {
  it('begins with what comes first', () => {
    const { ruleset, keys, changed } = take(undefined, 5n, boolean('a', 5));
    expect([ruleset.version, keys, changed]).toEqual([5n, ['a'], true]);
  });

  it('adds what is newer, and says of which keys', () => {
    const { ruleset } = take(undefined, 5n, boolean('a', 5));
    const merged = take(ruleset, 7n, boolean('a', 6, false), boolean('b', 7));
    expect([merged.ruleset.version, merged.keys]).toEqual([7n, ['a', 'b']]);
    expect([valueOf(merged.ruleset, 'a'), valueOf(merged.ruleset, 'b')]).toEqual([false, true]);
  });

  it('leaves a key alone of which something older comes', () => {
    const { ruleset } = take(undefined, 9n, boolean('a', 9));
    const merged = take(ruleset, 8n, boolean('a', 8, false));
    expect([merged.changed, merged.ruleset.version, idOf(merged.ruleset, 'a')]).toEqual([false, 9n, 9n]);
  });

  it('leaves everything alone that comes again', () => {
    const { ruleset } = take(undefined, 9n, boolean('a', 9));
    expect(take(ruleset, 9n, boolean('a', 9)).changed).toBe(false);
  });

  it('takes a key of which something newer comes although it is below the version: writes were lost', () => {
    const { ruleset } = take(undefined, 9n, boolean('a', 5), boolean('b', 9));
    const merged = take(ruleset, 8n, boolean('a', 8, false));
    expect([merged.changed, merged.keys, merged.ruleset.version]).toEqual([true, ['a'], 9n]);
    expect([valueOf(merged.ruleset, 'a'), valueOf(merged.ruleset, 'b')]).toEqual([false, true]);
    expect(merged.ruleset.delta(0n).map(({ id }) => id)).toEqual([8n, 9n]);
  });

  it('keeps tombstones, so that what is older does not come back', () => {
    const { ruleset } = take(undefined, 5n, boolean('a', 5));
    const deleted = take(ruleset, 6n, { id: '6', key: 'a', configType: 'DELETED' });
    expect(valueOf(deleted.ruleset, 'a')).toBe('missing');
    expect(take(deleted.ruleset, 6n, boolean('a', 5)).changed).toBe(false);
  });

  it('moves the version when nothing but the default context changed', () => {
    const { ruleset } = take(undefined, 5n, boolean('a', 5));
    const merged = take(ruleset, 6n);
    expect([merged.changed, merged.keys, merged.ruleset.version]).toEqual([true, [], 6n]);
  });

  it('keeps the default context when a message has no envelope at all', () => {
    const { ruleset } = take(undefined, 5n, boolean('a', 5));
    const before = ruleset.envelope;
    const bare = readMessage(configs([boolean('b', 6)]).subarray(0, -6));
    expect(bare.environment).toBeUndefined();
    expect(merge(ruleset, bare, 6n, ENVIRONMENT).ruleset.envelope).toEqual(before);
  });

  it('takes the newer of two configs of one key', () => {
    const { ruleset } = take(undefined, 6n, boolean('a', 6, true), boolean('a', 5, false));
    expect(valueOf(ruleset, 'a')).toBe(true);
  });
});
