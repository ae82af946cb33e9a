import { describe, expect, it } from 'vitest';
import { cut, EVENT_TARGET_BYTES, eventText } from '../../src/ruleset/event.js';
import { DeltaContents } from '../../src/subscribe/deltas.js';
import type { StreamEvent } from '../../src/subscribe/stream.js';
import { rulesetOf } from './rulesets.js';

const textsOf = (events: readonly StreamEvent[]): string[] => events.map((event) => event.text());
const sizeOf = (events: readonly StreamEvent[]): number => textsOf(events).join('').length;
const ROOM = { texts: 1e6, references: 1e6 };

describe('the events of a delta', () => {
  it('the events of a delta are what the ruleset’s delta is cut to, from any place', () => {
    const ruleset = rulesetOf(12, 20_000);
    const deltas = new DeltaContents();
    for (const from of [0n, 5n, 11n]) {
      const pieces = cut(ruleset.delta(from), from, ruleset.version, ruleset.envelope.length);
      const texts = pieces.map((piece) => eventText(piece, ruleset.envelope));
      const events = deltas.events(ruleset, from);
      expect(textsOf(events)).toEqual(texts);
      expect(events.map(({ size }) => size)).toEqual(texts.map(({ length }) => length));
      expect(events.at(-1)?.id).toBe(ruleset.version);
    }
    for (const { size } of deltas.events(ruleset, 0n)) expect(size).toBeLessThanOrEqual(EVENT_TARGET_BYTES);
  });

  it('the events of a delta are none for a reader that has everything', () => {
    expect(new DeltaContents().events(rulesetOf(3), 3n)).toEqual([]);
  });

  it('the events of a delta are shared by all readers that lack the same, with their texts', () => {
    const deltas = new DeltaContents();
    const ruleset = rulesetOf(3);
    const events = deltas.events(ruleset, 1n);
    expect(deltas.events(ruleset, 1n)).toBe(events);
    expect(deltas.events(ruleset, 2n)).not.toBe(events);
    expect(events[0]!.text()).toBe(deltas.events(ruleset, 1n)[0]!.text());
  });

  it('the events of a delta of another version are others', () => {
    const deltas = new DeltaContents();
    const before = deltas.events(rulesetOf(3), 1n);
    const after = deltas.events(rulesetOf(4), 1n);
    expect([before.at(-1)!.id, after.at(-1)!.id]).toEqual([3n, 4n]);
  });

  it('the events of a delta have no text before it is needed', () => {
    const deltas = new DeltaContents();
    const events = deltas.events(rulesetOf(3), 0n);
    expect(deltas.kept.texts).toBe(0);
    const size = sizeOf(events);
    expect(deltas.kept.texts).toBe(size);
  });

  it('the events of a delta are kept only while they end at the present version', () => {
    const deltas = new DeltaContents();
    for (let version = 2; version < 500; version++) textsOf(deltas.events(rulesetOf(version), 1n));
    const events = deltas.events(rulesetOf(499), 1n);
    expect(deltas.kept).toEqual({ texts: sizeOf(events), references: 498 });
  });

  it('the events of a delta are counted rightly when some were dropped and the version moved on', () => {
    const deltas = new DeltaContents({ texts: 1_000, references: 100 });
    for (let version = 2; version < 50; version++)
      for (let from = 0; from < version; from++) textsOf(deltas.events(rulesetOf(version), BigInt(from)));
    expect(deltas.kept.texts).toBeLessThanOrEqual(1_000);
    expect(deltas.kept.references).toBeLessThanOrEqual(100);
    const last = deltas.events(rulesetOf(50), 49n);
    const size = sizeOf(last);
    expect(deltas.kept).toEqual({ texts: size, references: 1 });
  });

  it('the events of a delta are kept up to a limit of references, the newest longest', () => {
    const ruleset = rulesetOf(10);
    const deltas = new DeltaContents({ ...ROOM, references: 5 });
    const first = deltas.events(ruleset, 9n);
    expect(deltas.events(ruleset, 9n)).toBe(first);
    deltas.events(ruleset, 8n);
    deltas.events(ruleset, 7n);
    expect(deltas.events(ruleset, 9n)).not.toBe(first);
  });

  it('the events of a delta keep their texts up to a limit, and make them again beyond it', () => {
    const ruleset = rulesetOf(6, 20_000);
    const expected = textsOf(new DeltaContents().events(ruleset, 0n));
    const limit = expected[0]!.length + expected[1]!.length;
    const deltas = new DeltaContents({ ...ROOM, texts: limit });
    const events = deltas.events(ruleset, 0n);
    for (let round = 0; round < 2; round++) {
      expect(textsOf(events)).toEqual(expected);
      expect(deltas.kept.texts).toBeLessThanOrEqual(limit);
    }
  });

  it('the events of a delta that are larger than the limits are not kept, and right all the same', () => {
    const ruleset = rulesetOf(3);
    const deltas = new DeltaContents({ texts: 10, references: 2 });
    const events = deltas.events(ruleset, 0n);
    expect(deltas.events(ruleset, 0n)).not.toBe(events);
    expect(textsOf(deltas.events(ruleset, 0n))).toEqual(textsOf(events));
    expect(deltas.kept).toEqual({ texts: 0, references: 0 });
  });
});

describe('a hundred slow readers of a large ruleset', () => {
  it('a hundred slow readers of a large ruleset cost references, and no text each', () => {
    const ruleset = rulesetOf(2_000, 20_000);
    const deltas = new DeltaContents({ texts: 1024 * 1024, references: 1e6 });
    // Each stands elsewhere, so that no two share a delta, and has taken its first event.
    const readers = Array.from({ length: 100 }, (_, reader) => deltas.events(ruleset, BigInt(reader)));
    for (const events of readers) events[0]!.text();
    const total = readers.flat().reduce((sum, { size }) => sum + size, 0);
    expect(total).toBeGreaterThan(2e9);
    expect(deltas.kept.texts).toBeLessThanOrEqual(1024 * 1024);
  });
});
