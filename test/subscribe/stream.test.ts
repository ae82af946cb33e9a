import { describe, expect, it } from 'vitest';
import { cut, EVENT_TARGET_BYTES, eventText } from '../../src/ruleset/event.js';
import {
  DeltaContents,
  KEEP_ALIVE,
  RefetchContents,
  streamStart,
  textOf,
} from '../../src/subscribe/stream.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { rulesetOf } from './rulesets.js';

describe('a stream', () => {
  it('begins with a comment, a blank line and a retry that differs per response', () => {
    expect(streamStart(0)).toBe('\n: holdfast\nretry: 1000\n');
    expect(streamStart(0.5)).toBe('\n: holdfast\nretry: 5500\n');
    expect(streamStart(0.999_999)).toBe('\n: holdfast\nretry: 9999\n');
  });

  it('is kept alive by a comment', () => {
    expect(KEEP_ALIVE).toMatch(/^:[^\n]*\n$/);
  });
});

describe('the events of a delta', () => {
  it('are what the ruleset’s delta is cut to, from any place', () => {
    const ruleset = rulesetOf(12, 20_000);
    const deltas = new DeltaContents();
    for (const from of [0n, 5n, 11n]) {
      const pieces = cut(ruleset.delta(from), from, ruleset.version, ruleset.envelope.length);
      const texts = pieces.map((piece) => eventText(piece, ruleset.envelope));
      expect(deltas.events(ruleset, from).map(({ text }) => text)).toEqual(texts);
      expect(textOf(deltas.events(ruleset, from))).toBe(texts.join(''));
      expect(deltas.events(ruleset, from).at(-1)?.id).toBe(ruleset.version);
    }
    for (const { text } of deltas.events(ruleset, 0n))
      expect(text.length).toBeLessThanOrEqual(EVENT_TARGET_BYTES);
  });

  it('are none for a reader that has everything', () => {
    expect(new DeltaContents().events(rulesetOf(3), 3n)).toEqual([]);
    expect(textOf(new DeltaContents().events(rulesetOf(3), 3n))).toBe('');
  });

  it('are built once for all who lack the same', () => {
    const deltas = new DeltaContents();
    const ruleset = rulesetOf(3);
    expect(deltas.events(ruleset, 1n)).toBe(deltas.events(ruleset, 1n));
    expect(deltas.events(ruleset, 2n)).not.toBe(deltas.events(ruleset, 1n));
  });

  it('of another version or environment are others', () => {
    const deltas = new DeltaContents();
    const before = deltas.events(rulesetOf(3), 1n);
    const after = deltas.events(rulesetOf(4), 1n);
    expect(after.at(-1)!.id).toBe(4n);
    expect(before.at(-1)!.id).toBe(3n);
  });

  it('are kept only while they end at the present version', () => {
    const deltas = new DeltaContents();
    for (let version = 2; version < 500; version++) deltas.events(rulesetOf(version), 1n);
    expect(deltas.size).toBe(textOf(deltas.events(rulesetOf(499), 1n)).length);
  });

  it('are counted rightly when some were given up and the version moved on', () => {
    const deltas = new DeltaContents(1_000);
    for (let version = 2; version < 50; version++)
      for (let from = 0; from < version; from++) deltas.events(rulesetOf(version), BigInt(from));
    expect(deltas.size).toBeLessThanOrEqual(1_000);
    expect(deltas.size).toBeGreaterThan(0);
    const last = deltas.events(rulesetOf(50), 49n);
    expect(deltas.size).toBe(last.reduce((sum, { text }) => sum + text.length, 0));
  });

  it('are kept up to a limit, the newest longest', () => {
    const ruleset = rulesetOf(10);
    const size = textOf(new DeltaContents().events(ruleset, 9n)).length;
    const deltas = new DeltaContents(3 * size + 10);
    const first = deltas.events(ruleset, 9n);
    expect(deltas.events(ruleset, 9n)).toBe(first);
    deltas.events(ruleset, 8n);
    deltas.events(ruleset, 7n);
    expect(deltas.events(ruleset, 9n)).not.toBe(first);
  });

  it('that are larger than the limit are not kept, and right all the same', () => {
    const ruleset = rulesetOf(3);
    const deltas = new DeltaContents(10);
    const events = deltas.events(ruleset, 0n);
    expect(deltas.events(ruleset, 0n)).toEqual(events);
    expect(deltas.events(ruleset, 0n)).not.toBe(events);
  });
});

describe('the events of an event stream', () => {
  const at = 1_700_000_000_999_999n;
  const ruleset = (clientVersion: bigint) => new Ruleset({ ...place, clientVersion });
  const place = { environment: 7n, version: 9n, at, envelope: new Uint8Array(), configs: [] };

  it('are one, which says as JSON what to fetch again and since when, and has the client version as its id', () => {
    const text = 'data: {"type":"refetchEvaluation","etag":"5","lastModified":1700000000}\nid: 5\n\n';
    expect(new RefetchContents(0).events(ruleset(5n), 3n)).toEqual([{ id: 5n, text }]);
  });

  it('are the same for any reader that stands elsewhere, and none for one that has everything', () => {
    const refetches = new RefetchContents(0);
    expect(refetches.events(ruleset(5n), 6n)).toEqual(refetches.events(ruleset(5n), 3n));
    expect(refetches.events(ruleset(5n), 5n)).toEqual([]);
  });
});
