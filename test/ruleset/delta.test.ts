/**
 * The invariant, without any network: a reader that takes the pieces of a delta in order, and stops
 * anywhere, is at a version and lacks exactly the delta from there.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planChange } from '../../src/commit/plan.js';
import { planSettings } from '../../src/commit/plan-settings.js';
import {
  concat,
  decodeConfigs,
  encodeConfig,
  encodeContextSet,
  encodeEnvelope,
  splitConfigs,
  type EncodedConfig,
} from '../../src/ruleset/codec.js';
import { cut, EVENT_MAX_BYTES, EVENT_TARGET_BYTES, eventBytes, eventText } from '../../src/ruleset/event.js';
import { Ruleset, type Change } from '../../src/ruleset/ruleset.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import { ENVIRONMENT, flag, PROJECT, sized, tombstone } from './arbitrary.js';

const settings = { id: ENVIRONMENT, projectId: PROJECT, name: 'test' };
const envelope = encodeEnvelope(settings);
const emptyRuleset = () =>
  new Ruleset({ environment: ENVIRONMENT, version: 0n, at: 0n, envelope, configs: [] });

/** A client: it knows its version and what it has received, and nothing else. */
class Reader {
  version = 0n;
  defaultContext: unknown;
  /** Base64 by key: strings are compared much faster than buffers. */
  readonly configs = new Map<string, string>();

  read(event: string): void {
    const [, data, id] = /^data: (.+)\nid: (\d+)\n\n$/.exec(event) ?? [];
    const bytes = Buffer.from(data!, 'base64');
    for (const config of splitConfigs(bytes)) this.configs.set(config.key, base64(config));
    this.defaultContext = decodeConfigs(bytes).defaultContext;
    this.version = BigInt(id!);
  }
}

function eventsFor(reader: Reader, ruleset: Ruleset): string[] {
  const pieces = cut(ruleset.delta(reader.version), reader.version, ruleset.version, ruleset.envelope.length);
  return pieces.map((piece) => eventText(piece, ruleset.envelope));
}

function base64(config: EncodedConfig): string {
  return Buffer.from(config.bytes).toString('base64');
}

function contentOf(ruleset: Ruleset): Map<string, string> {
  return new Map([...ruleset.configs()].map((config) => [config.key, base64(config)]));
}

const key = fc.stringMatching(/^[a-j]$/);
const config = fc.oneof(
  fc.tuple(key, fc.boolean()).map(([key, on]) => flag(key, on)),
  fc.tuple(key, fc.integer({ min: 0, max: 40_000 })).map(([key, bytes]) => sized(key, bytes)),
  key.map(tombstone),
);
const ahead = fc.option(fc.bigInt({ min: 1n, max: 10n ** 16n }), { nil: undefined, freq: 3 });
const step = fc.oneof(
  fc.record({
    kind: fc.constant('change' as const),
    configs: fc.uniqueArray(config, { minLength: 1, maxLength: 5, selector: (each) => each.key }),
    /** The distance of the source's own id of the first config from the version. */
    ahead,
    passed: fc.bigInt({ min: 0n, max: 10n ** 9n }),
  }),
  fc.record({ kind: fc.constant('context' as const), plan: fc.string({ maxLength: 5 }) }),
  fc.record({ kind: fc.constant('read' as const), events: fc.nat({ max: 4 }) }),
);

describe('a reader', () => {
  it('a reader has exactly the ruleset after stopping at any event and resuming', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const ruleset = emptyRuleset();
        const reader = new Reader();
        let now = 1_700_000_000_000_000n;
        let present: Parameters<typeof encodeEnvelope>[0] & { name: string } = settings;
        for (const each of steps) {
          if (each.kind === 'read') {
            for (const event of eventsFor(reader, ruleset).slice(0, each.events)) reader.read(event);
          } else if (each.kind === 'context') {
            const contexts = [{ type: 'user', values: { plan: { string: each.plan } } }];
            const next = { ...settings, defaultContext: encodeContextSet({ contexts }) };
            const { change } = planSettings({ ruleset, settings: present }, next, now);
            present = next;
            if (change !== undefined) ruleset.apply(change);
          } else {
            now += each.passed;
            const id = each.ahead === undefined ? '0' : `${ruleset.version + each.ahead}`;
            const configs = each.configs.map((config, index) => (index === 0 ? { ...config, id } : config));
            const { change, live } = planChange(
              { ruleset, settings: present },
              readSubmittedJson({ configs }),
              now,
              { recommitAbove: 0n },
            );
            ruleset.apply(change!);
            expect(live).toBe(ruleset.live);
          }
        }
        for (const event of eventsFor(reader, ruleset)) reader.read(event);
        expect(reader.version).toBe(ruleset.version);
        expect(reader.configs).toEqual(contentOf(ruleset));
        if (ruleset.version > 0n) {
          expect(reader.defaultContext).toEqual(decodeConfigs(ruleset.envelope).defaultContext);
        }
      }),
    );
  });

  it('a reader gets nothing when it is current', () => {
    const ruleset = emptyRuleset();
    ruleset.apply(changeOf(ruleset, [flag('a')]));
    expect(ruleset.delta(ruleset.version)).toEqual([]);
    expect(cut([], ruleset.version, ruleset.version, 10)).toEqual([]);
  });

  it('a reader gets one event without configs when only the default context changed', () => {
    expect(cut([], 5n, 6n, 10)).toEqual([{ previous: 5n, id: 6n, configs: [] }]);
  });
});

describe('cut', () => {
  const delta = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 48_500 }), fc.bigInt({ min: 1n, max: 10n ** 15n })), {
      maxLength: 12,
    })
    .map((list) => {
      let id = 0n;
      return list.map(([bytes, gap], index): EncodedConfig => {
        id += gap;
        return encodeConfig({ ...sized(`k${index}`, bytes), id: `${id}` });
      });
    });

  it('makes a chain of ascending pieces with every config once, up to the version', () => {
    fc.assert(
      fc.property(delta, fc.bigInt({ min: 1n, max: 9n }), (configs, beyond) => {
        const to = (configs.at(-1)?.id ?? 0n) + beyond;
        const pieces = cut(configs, 0n, to, envelope.length);
        expect(pieces.map(({ previous }) => previous)).toEqual([
          0n,
          ...pieces.slice(0, -1).map(({ id }) => id),
        ]);
        expect(pieces.at(-1)!.id).toBe(to);
        for (const { previous, id, configs } of pieces) {
          expect(configs.every((config) => config.id > previous && config.id <= id)).toBe(true);
        }
        const taken = pieces.flatMap((piece) => piece.configs);
        expect(taken.map(({ id }) => id)).toEqual(configs.map(({ id }) => id));
      }),
    );
  });

  it('makes no event above the limit of SDKs, and only single configs above the target', () => {
    fc.assert(
      fc.property(delta, (configs) => {
        for (const piece of cut(configs, 0n, 2n ** 62n, envelope.length)) {
          const bytes = Buffer.byteLength(eventText(piece, envelope));
          expect(bytes).toBeLessThanOrEqual(EVENT_MAX_BYTES);
          if (piece.configs.length > 1) expect(bytes).toBeLessThanOrEqual(EVENT_TARGET_BYTES);
          expect(bytes).toBeLessThanOrEqual(eventBytes(concat(piece.configs, envelope).length));
        }
      }),
    );
  });
});

describe('a ruleset', () => {
  it('a ruleset has the same delta before and after compaction', () => {
    const ruleset = emptyRuleset();
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
    for (let round = 0; round < 10; round++) {
      ruleset.apply(
        changeOf(
          ruleset,
          keys.slice(round).map((key) => flag(key, round % 2 === 0)),
        ),
      );
      const all = [...ruleset.configs()].sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(ruleset.delta(0n)).toEqual(all);
      expect(ruleset.delta(all[10]!.id)).toEqual(all.slice(11));
    }
  });

  it('a ruleset refuses a change that does not follow its version, and stays unchanged', () => {
    const ruleset = emptyRuleset();
    const first = changeOf(ruleset, [flag('a')]);
    ruleset.apply(first);
    const before = ruleset.encode(0n);
    expect(() => ruleset.apply(first)).toThrow(/does not follow version/);
    const foreign = { ...changeOf(ruleset, [flag('b')]), environment: 8n };
    expect(() => ruleset.apply(foreign)).toThrow(/environment 8 does not follow/);
    expect(ruleset.encode(0n)).toEqual(before);
  });

  it('copies its bytes out of the buffer that they were read into', () => {
    // As a store gives them: slices of one large reply.
    const reply = new Uint8Array(100_000);
    const slice = (bytes: Uint8Array): Uint8Array => {
      reply.set(bytes, 50_000);
      return reply.subarray(50_000, 50_000 + bytes.length);
    };
    const read = ({ configs, ...rest }: Change): Change => ({
      ...rest,
      envelope: slice(rest.envelope),
      configs: configs.map((config) => ({ ...config, bytes: slice(config.bytes) })),
    });
    const change = read(changeOf(emptyRuleset(), [flag('a')]));
    const applied = emptyRuleset();
    applied.apply(change);
    const loaded = new Ruleset({ ...change, version: change.version });
    for (const ruleset of [applied, loaded]) {
      const kept = [ruleset.envelope, ...[...ruleset.configs()].map(({ bytes }) => bytes)];
      for (const bytes of kept) expect(bytes.buffer).not.toBe(reply.buffer);
    }
  });

  it('a ruleset counts configs that are not deleted', () => {
    const ruleset = emptyRuleset();
    ruleset.apply(changeOf(ruleset, [flag('a'), flag('b')]));
    ruleset.apply(changeOf(ruleset, [tombstone('a')]));
    expect(ruleset.live).toBe(1);
    expect(ruleset.get('a')!.deleted).toBe(true);
  });
});

function changeOf(ruleset: Ruleset, configs: object[]): Change {
  return planChange({ ruleset, settings }, readSubmittedJson({ configs }), 1_700_000_000_000_000n).change!;
}
