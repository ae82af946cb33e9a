import { describe, expect, it } from 'vitest';
import { planChange, type ChangePlan } from '../../src/commit/plan.js';
import type { PlanBase } from '../../src/commit/plan-entry.js';
import { planSettings } from '../../src/commit/plan-settings.js';
import {
  decodeConfig,
  decodeConfigs,
  encodeConfig,
  encodeContextSet,
  encodeEnvelope,
  configMessageOf,
  splitConfigs,
} from '../../src/ruleset/codec.js';
import { EVENT_MAX_BYTES, eventText, MESSAGE_MAX_BYTES } from '../../src/ruleset/event.js';
import type { Config } from '../../src/ruleset/model.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { readSubmittedJson, readSubmittedProtobuf } from '../../src/ruleset/submitted.js';
import { idHorizon, MAX_ID } from '../../src/ruleset/version.js';
import { ENVIRONMENT, flag, PROJECT, segment, sized, tombstone } from '../ruleset/arbitrary.js';
import { refusal } from '../ruleset/errors.js';

const NOW = 1_700_000_000_000_000n;
const settings = { id: ENVIRONMENT, projectId: PROJECT, name: 'test' };

function emptyBase(): PlanBase {
  const envelope = encodeEnvelope(settings);
  return {
    ruleset: new Ruleset({ environment: ENVIRONMENT, version: 0n, at: 0n, envelope, configs: [] }),
    settings,
  };
}

/** An environment in which that change was committed. */
function baseWith(...configs: Config[]): PlanBase {
  const base = emptyBase();
  base.ruleset.apply(plan(base, configs).change!);
  return base;
}

/** An environment at that version, however it came there. */
function baseAt(version: bigint): PlanBase {
  const { settings, ruleset } = emptyBase();
  const { environment, envelope } = ruleset;
  return { settings, ruleset: new Ruleset({ environment, version, at: NOW, envelope, configs: [] }) };
}

function plan(base: PlanBase, configs: Config[], now = NOW): ChangePlan {
  return planChange(base, readSubmittedJson({ configs }), now);
}

const result = (base: PlanBase, configs: Config[], now = NOW) => refusal(() => plan(base, configs, now));
const withId = (config: Config, id: bigint): Config => ({ ...config, id: `${id}` });
const contextOf = (bytes: number) =>
  encodeContextSet({ contexts: [{ type: 'user', values: { a: { string: 'x'.repeat(bytes) } } }] });

describe('a planned change', () => {
  it('a planned change has ids from the time on, the environment’s project, and its envelope', () => {
    const base = emptyBase();
    const { change } = plan(base, [flag('a'), flag('b')]);
    expect(change).toMatchObject({ environment: 7n, previous: 0n, version: NOW + 1n, at: NOW });
    expect(change!.configs.map(({ id, key }) => [id, key])).toEqual([
      [NOW, 'a'],
      [NOW + 1n, 'b'],
    ]);
    expect(decodeConfig(change!.configs[0]!)).toEqual({ ...flag('a'), id: `${NOW}`, projectId: '3' });
    expect(decodeConfigs(change!.envelope)).toEqual({
      configServicePointer: { projectId: '3', projectEnvId: '7' },
    });
  });

  it('a planned change does not touch the ruleset', () => {
    const base = baseWith(flag('a'));
    const before = base.ruleset.encode(0n);
    plan(base, [tombstone('a')]);
    expect(base.ruleset.encode(0n)).toEqual(before);
  });

  it('a planned change refuses fields that the schema does not declare, by their number', () => {
    const message = Buffer.concat([
      configMessageOf(plan(emptyBase(), [flag('a')]).configs[0]!),
      Buffer.from([0xa0, 0x06, 1]),
    ]);
    const body = Buffer.concat([Buffer.from([10, message.length]), message]);
    expect(refusal(() => readSubmittedProtobuf(body))).toBe('field_invalid configs[0].100');
  });

  it('a planned change stores equal configs as equal bytes, whatever the order of their fields', () => {
    const message = configMessageOf(plan(emptyBase(), [flag('a')]).configs[0]!);
    const fields = [Buffer.from([80, 1]), message];
    const bodies = [fields, fields.toReversed()].map((parts) => {
      const joined = Buffer.concat(parts);
      return Buffer.concat([Buffer.from([10, joined.length]), joined]);
    });
    const [one, other] = bodies.map(
      (body) => planChange(emptyBase(), readSubmittedProtobuf(body), NOW).configs[0]!.bytes,
    );
    expect(other).toEqual(one);
  });

  it('commits a config again that stricter rules would refuse today', () => {
    const criterion = { propertyName: 'a', operator: 'PROP_BEFORE', valueToMatch: { string: 'tomorrow' } };
    const old = { ...flag('a'), rows: [{ values: [{ criteria: [criterion], value: { bool: true } }] }] };
    const lost = readSubmittedJson({ configs: [withId(old, 5n)] });
    expect(refusal(() => planChange(emptyBase(), lost, NOW))).toMatch(/^value_invalid /);
    expect(planChange(emptyBase(), lost, NOW, { recommitAbove: 0n }).change!.version).toBe(5n);
  });

  it('a planned change takes a config that was stored in another form as a repeat', () => {
    const canonical = plan(emptyBase(), [flag('a')]).configs[0]!;
    const message = Buffer.concat([configMessageOf(canonical), Buffer.from([0xa0, 0x06, 1])]);
    const [stored] = splitConfigs(Buffer.concat([Buffer.from([10, message.length]), message]));
    const version = canonical.id;
    const ruleset = new Ruleset({
      environment: settings.id,
      version,
      at: NOW,
      envelope: new Uint8Array(),
      configs: [stored!],
    });
    expect(plan({ ruleset, settings }, [withId(flag('a'), version)]).change).toBeUndefined();
  });

  it('a planned change counts what is live afterwards', () => {
    const base = baseWith(flag('a'), flag('b'), tombstone('c'));
    expect(base.ruleset.live).toBe(2);
    expect(plan(base, [tombstone('a'), flag('b'), flag('c'), flag('d')]).live).toBe(3);
  });

  it('a planned change leaves out the deletion of a key that never existed, and names it', () => {
    expect(plan(emptyBase(), [tombstone('a')])).toMatchObject({
      change: undefined,
      configs: [],
      absent: ['a'],
      live: 0,
    });
  });

  it('a planned change commits the rest of what deletes a key that never existed', () => {
    const { change, absent, live } = plan(baseWith(flag('a')), [
      tombstone('typo'),
      tombstone('a'),
      flag('b'),
    ]);
    expect(change!.configs.map(({ key, deleted }) => [key, deleted])).toEqual([
      ['a', true],
      ['b', false],
    ]);
    expect({ absent, live }).toEqual({ absent: ['typo'], live: 1 });
  });

  it('a planned change takes the deletion of a deleted config as a repeat, without a new id', () => {
    const base = baseWith(flag('a'));
    base.ruleset.apply(plan(base, [tombstone('a')]).change!);
    const again = plan(base, [{ ...tombstone('a'), changedBy: { userId: '7' } }], NOW + 5n);
    expect(again).toMatchObject({ change: undefined, absent: [], live: 0 });
    expect(again.configs.map(({ key, id }) => [key, id])).toEqual([['a', base.ruleset.version]]);
  });

  it('a planned change takes an exact repeat of a deletion with an id of its own', () => {
    const base = baseWith(withId(tombstone('a'), NOW + 3n));
    expect(base.ruleset.get('a')).toMatchObject({ deleted: true, id: NOW + 3n });
    const again = plan(base, [withId(tombstone('a'), NOW + 3n)]);
    expect(again).toMatchObject({ change: undefined, absent: [] });
    expect(again.configs.map(({ id }) => id)).toEqual([NOW + 3n]);
  });

  it('a planned change refuses deletions of unknown keys with ids beyond 50,000 tombstones', () => {
    const deletions = Array.from({ length: 50_000 }, (_, i) => withId(tombstone(`k${i}`), NOW + BigInt(i)));
    const full = baseWith(...deletions);
    const next = NOW + 60_000n;
    expect(result(full, [withId(tombstone('more'), next)])).toBe('too_many_deletions configs[0]');
    expect(plan(full, [withId(tombstone('k7'), next)]).change!.version).toBe(next);
    full.ruleset.apply(plan(full, [flag('b')]).change!);
    expect(plan(full, [tombstone('b')]).change).toBeDefined();
  });

  it('a planned change refuses new keys beyond 100,000, deleted ones included, and no other change', () => {
    const base = emptyBase();
    const configs = Array.from({ length: 100_000 }, (_, i) =>
      encodeConfig({ ...(i % 2 === 0 ? tombstone(`k${i}`) : flag(`k${i}`)), id: `${i + 1}` }),
    );
    const { environment, envelope } = base.ruleset;
    const version = 100_000n;
    const full = { ...base, ruleset: new Ruleset({ environment, version, at: 0n, envelope, configs }) };
    expect(result(full, [flag('k1'), flag('more')])).toBe('too_many_configs configs[1]');
    expect(result(full, [withId(tombstone('more'), NOW)])).toMatch(/^too_many_(configs|deletions) /);
    // Changes, deletions, keys that are used again, and what was lost are not in the way.
    expect(plan(full, [tombstone('k1'), flag('k2'), flag('k3')]).live).toBe(50_000);
    const lost = readSubmittedJson({ configs: [flag('more')] });
    expect(planChange(full, lost, NOW, { recommitAbove: 5n }).live).toBe(50_001);
  });

  it('a plan that commits again what was lost makes a deletion of any key', () => {
    const { change, absent } = planChange(
      emptyBase(),
      readSubmittedJson({ configs: [tombstone('a')] }),
      NOW,
      {
        recommitAbove: 5n,
      },
    );
    expect(change!.configs.map(({ deleted }) => deleted)).toEqual([true]);
    expect(absent).toEqual([]);
  });

  it('a planned change is refused when it has no configs', () => {
    expect(result(emptyBase(), [])).toBe('field_invalid configs');
  });

  it('a planned change is refused when a config is not valid', () => {
    expect(result(emptyBase(), [flag('a'), { key: 'b', configType: 'CONFIG' }])).toBe(
      'rows_missing configs[1].rows',
    );
  });

  it('a planned change is refused when a key comes twice', () => {
    expect(result(emptyBase(), [flag('a'), flag('b'), tombstone('a')])).toBe('key_duplicate configs[2].key');
  });

  it('a planned change is refused when it would leave a segment missing', () => {
    const base = baseWith(segment('s'), segment('a', 's'));
    expect(result(base, [tombstone('s')])).toBe('segment_missing configs[0]');
    expect(result(base, [segment('s', 'a')])).toBe('segment_circular configs[0]');
    expect(result(base, [tombstone('s'), tombstone('a')])).toBe('accepted');
  });
});

describe('ids', () => {
  it('ids of the source are kept, beyond 2^53, and the configs ascend by them', () => {
    const { change, configs } = plan(emptyBase(), [
      withId(flag('a'), 17018962363976480n),
      withId(flag('b'), 17018962363976479n),
    ]);
    expect(change!.configs.map(({ key }) => key)).toEqual(['b', 'a']);
    expect(change!.version).toBe(17018962363976480n);
    expect(configs.map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('ids that are assigned come after all given ones, in the order of the request', () => {
    const given = 17018962363976479n;
    const { configs } = plan(emptyBase(), [flag('a'), withId(flag('b'), given), withId(flag('c'), 0n)]);
    const [a, b, c] = configs.map(({ id }) => id);
    expect(b).toBe(given);
    expect(a).toBeGreaterThan(given);
    expect(c).toBe(a! + 1n);
  });

  it('move on although the clock has gone back', () => {
    const base = baseWith(flag('a'));
    expect(plan(base, [flag('a', false)], NOW - 1000n).change!.version).toBe(NOW + 1n);
  });

  it('ids that come twice are refused', () => {
    expect(result(emptyBase(), [withId(flag('a'), 5n), withId(flag('b'), 5n)])).toBe(
      'id_conflict configs[1].id',
    );
  });

  it('ids that are negative are refused', () => {
    expect(result(emptyBase(), [withId(flag('a'), -1n)])).toBe('field_invalid configs[0].id');
  });

  it('ids beyond the horizon are refused with the largest id that can be given', () => {
    const horizon = idHorizon(NOW);
    expect(result(emptyBase(), [withId(flag('a'), horizon)])).toBe('accepted');
    for (const id of [horizon + 1n, MAX_ID, MAX_ID + 1n]) {
      expect(result(emptyBase(), [withId(flag('a'), id)])).toBe('field_invalid configs[0].id');
    }
    expect(() => plan(emptyBase(), [withId(flag('a'), MAX_ID)])).toThrow(`at most ${horizon} can be given`);
  });

  it('ids beyond the horizon are assigned where the environment is there already', () => {
    const base = baseAt(MAX_ID - 3n);
    expect(result(base, [withId(flag('a'), MAX_ID - 2n)])).toBe('field_invalid configs[0].id');
    const { change } = plan(base, [flag('a'), flag('b')], NOW + 10n ** 15n);
    expect(change!.configs.map(({ id }) => id)).toEqual([MAX_ID - 2n, MAX_ID - 1n]);
  });

  it('ids that were committed beyond the horizon are committed again', () => {
    const lost = readSubmittedJson({ configs: [withId(flag('a'), MAX_ID - 1n)] });
    expect(planChange(emptyBase(), lost, NOW, { recommitAbove: 0n }).change!.version).toBe(MAX_ID - 1n);
  });

  it('above 2^63 - 1 are not assigned', () => {
    expect(result(baseAt(MAX_ID - 1n), [flag('a'), flag('b')])).toBe('field_invalid configs[1].id');
  });

  it('ids at or below the version are refused for a key that has another one', () => {
    const base = baseWith(withId(flag('a'), 50n), withId(flag('b'), 60n));
    expect(result(base, [withId(flag('a'), 60n)])).toBe('id_conflict configs[0].id');
    expect(result(base, [withId(flag('c'), 50n)])).toBe('id_conflict configs[0].id');
    expect(result(base, [withId(flag('a'), 1n)])).toBe('id_conflict configs[0].id');
    expect(result(base, [withId(flag('a'), 61n)])).toBe('accepted');
  });
});

describe('a repeat', () => {
  const base = baseWith(withId(flag('a'), 50n), withId(flag('b'), 60n));

  it('a repeat of all configs changes nothing, and answers with what is stored', () => {
    const repeated = plan(base, [withId(flag('b'), 60n), withId(flag('a'), 50n)]);
    expect(repeated.change).toBeUndefined();
    expect(repeated.live).toBe(2);
    expect(repeated.configs).toEqual([base.ruleset.get('b'), base.ruleset.get('a')]);
  });

  it('a repeat of one config leaves the others of the change to be committed', () => {
    const { change, configs } = plan(base, [withId(flag('a'), 50n), flag('c')]);
    expect(change!.configs.map(({ key }) => key)).toEqual(['c']);
    expect(configs.map(({ key }) => key)).toEqual(['a', 'c']);
  });

  it('a repeat with other content is a conflict', () => {
    expect(result(base, [withId(flag('a', false), 50n)])).toBe('id_conflict configs[0].id');
  });
});

describe('a config that is stored as it is submitted', () => {
  it('a config that is stored as it is submitted stays out of the change, and keeps its id', () => {
    const base = baseWith(flag('a'), flag('b'), tombstone('gone'));
    const again = plan(base, [flag('b'), flag('a')]);
    expect(again.change).toBeUndefined();
    expect(again.configs).toEqual([base.ruleset.get('b'), base.ruleset.get('a')]);
    expect(again.live).toBe(2);
  });

  it('a config that is stored as it is submitted is left out of a change that changes other configs', () => {
    const base = baseWith(flag('a'), flag('b'), flag('c'));
    const { change, configs } = plan(base, [flag('a'), flag('b', false), flag('c')]);
    expect(change!.configs.map(({ key }) => key)).toEqual(['b']);
    expect(configs.map(({ key, id }) => [key, id])).toEqual([
      ['a', base.ruleset.get('a')!.id],
      ['b', change!.version],
      ['c', base.ruleset.get('c')!.id],
    ]);
  });

  it('a submitted config is the same whoever changed it, and whatever canonical form says the same', () => {
    const base = baseWith({ ...flag('a'), changedBy: { email: 'ann@example.com' } });
    expect(plan(base, [flag('a')]).change).toBeUndefined();
    expect(plan(base, [{ ...flag('a'), changedBy: { email: 'ben@example.com' } }]).change).toBeUndefined();
    expect(plan(base, [{ ...flag('a'), projectId: '0', sendToClientSdk: false }]).change).toBeUndefined();
    expect(plan(base, [{ ...flag('a'), sendToClientSdk: true }]).change).toBeDefined();
    expect(plan(base, [{ ...flag('a'), schemaKey: 'x' }]).change).toBeDefined();
  });

  it('a config with the stored content is a change when its source gives it an id above the version', () => {
    const base = baseWith(flag('a'));
    const id = base.ruleset.version + 5n;
    expect(plan(base, [withId(flag('a'), id)]).change!.version).toBe(id);
  });

  it('a config with the stored content is a change after its deletion', () => {
    const base = baseWith(flag('a'));
    const deleted = plan(base, [tombstone('a')]).change!;
    base.ruleset.apply(deleted);
    expect(plan(base, [flag('a')]).change).toBeDefined();
  });

  it('a config with the stored content is written again where lost writes are', () => {
    const base = baseWith(flag('a'));
    const submitted = readSubmittedJson({ configs: [flag('a')] });
    const recommitAbove = base.ruleset.version;
    expect(planChange(base, submitted, NOW, { recommitAbove }).change).toBeDefined();
  });
});

describe('the size of a config', () => {
  /** The largest text with which a config fits, and one more. */
  const overhead = plan(emptyBase(), [sized('a', 40_000)]).configs[0]!.bytes.length - 40_000;
  const limit = MESSAGE_MAX_BYTES - encodeEnvelope(settings).length - overhead;

  it('the size of a config is accepted up to what fits into one event with the envelope', () => {
    const { change } = plan(emptyBase(), [sized('a', limit)]);
    const piece = { previous: 0n, id: MAX_ID, configs: change!.configs };
    const bytes = eventText(piece, change!.envelope).length;
    expect(bytes).toBeLessThanOrEqual(EVENT_MAX_BYTES);
    expect(bytes).toBeGreaterThan(EVENT_MAX_BYTES - 4);
  });

  it('the size of a config is refused above it, with both numbers', () => {
    expect(result(emptyBase(), [flag('b'), sized('a', limit + 1)])).toBe('config_too_large configs[1]');
    expect(() => plan(emptyBase(), [sized('a', 50_000)])).toThrow(
      /\("a"\) is 500\d\d bytes encoded; at most 487\d\d fit/,
    );
  });

  it('the size of a config has less room next to a large default context', () => {
    const { ruleset } = emptyBase();
    const base = { ruleset, settings: { ...settings, defaultContext: contextOf(20_000) } };
    expect(result(base, [sized('a', 20_000)])).toBe('accepted');
    expect(result(base, [sized('a', 30_000)])).toBe('config_too_large configs[0]');
  });
});

describe('a time that was asked for long before the commit', () => {
  const LATE = NOW + 10_000_000n;
  const late = () => {
    const base = emptyBase();
    base.ruleset.apply(plan(base, [flag('a')], LATE).change!);
    return base;
  };

  it('a time that was asked for long before the commit does not let later ids run ahead of the clock', () => {
    const base = late();
    base.ruleset.apply(plan(base, [flag('b')], NOW).change!);
    expect(plan(base, [flag('c')], LATE + 1_000n).change?.version).toBe(LATE + 1_001n);
  });

  it('a time that was asked for long before the commit does not do so for new settings either', () => {
    const base = late();
    const { change } = planSettings(base, { ...settings, defaultContext: contextOf(10) }, NOW);
    expect(change?.at).toBe(LATE);
  });
});

describe('settings', () => {
  const withContext = { ...settings, defaultContext: contextOf(10) };

  it('settings of a new environment are no change: it stays at version 0', () => {
    expect(planSettings(undefined, withContext, NOW)).toEqual({
      change: undefined,
      configs: [],
      absent: [],
      live: 0,
    });
  });

  it('settings of an environment at version 0 are a change: other nodes may have it in memory already', () => {
    const { change } = planSettings(emptyBase(), { ...withContext, projectId: 9n }, NOW);
    expect(change).toMatchObject({ previous: 0n, version: NOW, configs: [] });
  });

  it('settings with another name are no change', () => {
    expect(planSettings(baseWith(flag('a')), { ...settings, name: 'other' }, NOW)).toMatchObject({
      change: undefined,
      live: 1,
    });
  });

  it('settings with another default context are a change of the envelope alone', () => {
    const base = baseWith(flag('a'));
    const { change, live } = planSettings(base, withContext, NOW + 5n);
    expect(change).toEqual({
      environment: ENVIRONMENT,
      previous: NOW,
      version: NOW + 5n,
      clientPrevious: NOW,
      clientVersion: NOW + 5n,
      at: NOW + 5n,
      envelope: encodeEnvelope(withContext),
      configs: [],
    });
    expect(live).toBe(1);
  });

  it('settings without the default context that was there are a change too', () => {
    const base = baseWith(flag('a'));
    base.ruleset.apply(planSettings(base, withContext, NOW + 5n).change!);
    const { change } = planSettings({ ...base, settings: withContext }, settings, NOW + 6n);
    expect(change!.envelope).toEqual(encodeEnvelope(settings));
  });

  it('settings with another project are refused once there are configs', () => {
    const other = { ...settings, projectId: 9n };
    expect(refusal(() => planSettings(baseWith(flag('a')), other, NOW))).toBe('field_invalid projectId');
    expect(refusal(() => planSettings(baseWith(withId(tombstone('a'), NOW)), other, NOW))).toBe(
      'field_invalid projectId',
    );
  });

  it('settings with a default context next to which a config no longer fits are refused, and the config is named', () => {
    const base = baseWith(flag('a'), sized('b', 30_000));
    const attempt = (bytes: number) =>
      planSettings(base, { ...settings, defaultContext: contextOf(bytes) }, NOW);
    expect(refusal(() => attempt(18_000))).toBe('accepted');
    expect(refusal(() => attempt(19_000))).toBe('config_too_large defaultContext');
    expect(() => attempt(19_000)).toThrow(/next to the config "b" of 300\d\d bytes/);
  });

  it('settings with a default context that fills an event alone are refused from the start', () => {
    const large = { ...settings, defaultContext: contextOf(50_000) };
    expect(refusal(() => planSettings(undefined, large, NOW))).toBe('config_too_large defaultContext');
  });

  it('settings cannot change the default context when no ids are left', () => {
    const base = baseAt(MAX_ID);
    expect(refusal(() => planSettings(base, withContext, NOW + 1n))).toBe('field_invalid defaultContext');
  });
});
