import { describe, expect, it } from 'vitest';
import { planChange } from '../../src/commit/plan.js';
import type { PlanBase } from '../../src/commit/plan-entry.js';
import { planSettings } from '../../src/commit/plan-settings.js';
import { encodeContextSet, encodeEnvelope } from '../../src/ruleset/codec.js';
import type { Config } from '../../src/ruleset/model.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import { ENVIRONMENT, flag, PROJECT, segment, sized, tombstone } from '../ruleset/arbitrary.js';

const NOW = 1_700_000_000_000_000n;
const settings = { id: ENVIRONMENT, projectId: PROJECT, name: 'test' };

function baseWith(...configs: Config[]): PlanBase {
  const envelope = encodeEnvelope(settings);
  const ruleset = new Ruleset({ environment: ENVIRONMENT, version: 0n, at: 0n, envelope, configs: [] });
  const base = { ruleset, settings };
  if (configs.length > 0) ruleset.apply(changeOf(base, configs));
  return base;
}

function changeOf(base: PlanBase, configs: readonly Config[], now = NOW) {
  return planChange(base, readSubmittedJson({ configs }), now).change!;
}

/**
 * True when clients see a change of these configs. Checks that its client version is one of the two
 * that it may be.
 */
function isSeen(base: PlanBase, configs: readonly Config[]): boolean {
  // With ids of their own, so that one with the content that is stored is a change as well.
  const given = configs.map((config, i) => ({ id: `${base.ruleset.version + 1n + BigInt(i)}`, ...config }));
  const { version, clientPrevious, clientVersion } = changeOf(base, given, NOW + 1_000n);
  expect(clientPrevious).toBe(base.ruleset.clientVersion);
  expect([clientPrevious, version]).toContain(clientVersion);
  return clientVersion === version;
}

/** A flag that is on where these segments hold. */
const using = (key: string, ...segments: string[]): Config => ({
  ...segment(key, ...segments),
  configType: 'FEATURE_FLAG',
});
/** A boolean that only servers have, and that uses these segments. */
const serverOnly = (key: string, ...segments: string[]): Config => ({
  ...segment(key, ...segments),
  configType: 'CONFIG',
});
const forClients = (config: Config): Config => ({ ...config, sendToClientSdk: true });
const logLevel = (key: string): Config => ({
  key,
  configType: 'LOG_LEVEL',
  valueType: 'LOG_LEVEL',
  rows: [{ values: [{ value: { logLevel: 'INFO' } }] }],
});

describe('clients see a change of', () => {
  it.each<[string, Config[], Config[]]>([
    ['a new flag', [], [flag('a')]],
    ['a new log level', [], [logLevel('log-level.a')]],
    ['a new config that is marked for clients', [], [forClients(sized('a', 1))]],
    ['a flag', [flag('a')], [flag('a', false)]],
    ['a flag that is committed again as it was, because its id is new', [flag('a')], [flag('a')]],
    ['a flag that is deleted', [flag('a')], [tombstone('a')]],
    ['a config that is no longer marked for clients', [forClients(sized('a', 1))], [sized('a', 1)]],
    ['a config that is marked for clients from now on', [sized('a', 1)], [forClients(sized('a', 1))]],
    ['a flag among others that they do not see', [], [sized('a', 1), segment('b'), flag('c')]],
    ['a segment that a flag uses', [segment('s'), using('a', 's')], [segment('s')]],
    [
      'a segment that a flag uses through others',
      [segment('s'), segment('t', 's'), segment('u', 't'), using('a', 'u')],
      [segment('s')],
    ],
    [
      'a segment that a flag uses through a boolean of servers',
      [segment('s'), serverOnly('b', 's'), using('a', 'b')],
      [segment('s')],
    ],
    ['a segment that a flag begins to use', [segment('s'), flag('a')], [using('a', 's')]],
    ['a segment that a flag no longer uses', [segment('s'), using('a', 's')], [segment('s'), flag('a')]],
    ['one of many segments of which the last is used', [...many(), using('a', 's-19')], many()],
  ])('%s', (_, before, changed) => {
    expect(isSeen(baseWith(...before), changed)).toBe(true);
  });
});

describe('clients do not see a change of', () => {
  it.each<[string, Config[], Config[]]>([
    ['a config of servers', [sized('a', 1)], [sized('a', 2)]],
    ['a new segment', [flag('a')], [segment('s')]],
    ['a segment that nothing uses', [segment('s'), flag('a')], [segment('s')]],
    [
      'a segment that only configs of servers use',
      [segment('s'), serverOnly('b', 's'), flag('a')],
      [segment('s')],
    ],
    [
      'a segment of which a used one is only a user',
      [segment('s'), segment('t', 's'), using('a', 's')],
      [segment('t', 's')],
    ],
    ['a config of servers that is deleted', [sized('a', 1), flag('b')], [tombstone('a')]],
    [
      'a key that is deleted by its id and never was there',
      [flag('b')],
      [{ ...tombstone('a'), id: `${2n ** 54n}` }],
    ],
    ['many segments that nothing uses', [...many(), flag('a')], many()],
  ])('%s', (_, before, changed) => {
    expect(isSeen(baseWith(...before), changed)).toBe(false);
  });
});

/** More segments than are searched for by their names. */
function many(): Config[] {
  return Array.from({ length: 20 }, (_, i) => segment(`s-${i}`));
}

describe('a long chain of segments', () => {
  it('a long chain of segments is looked through once, and not once for each of them', () => {
    const chain = Array.from({ length: 5_000 }, (_, i) =>
      i === 0 ? segment('s-0') : segment(`s-${i}`, `s-${i - 1}`),
    );
    const base = baseWith(...chain);
    const before = performance.now();
    expect(isSeen(base, [segment('s-0')])).toBe(false);
    // A search for each would be 5,000 times a millisecond and more.
    expect(performance.now() - before).toBeLessThan(3_000);
    expect(isSeen(baseWith(...chain, using('a', 's-4999')), [segment('s-0')])).toBe(true);
  });
});

describe('the client version', () => {
  it('the client version stays where it was through changes that clients do not see, and is the version after one that they see', () => {
    const base = baseWith(flag('a'));
    const first = base.ruleset.version;
    base.ruleset.apply(changeOf(base, [sized('b', 1)], NOW + 10n));
    base.ruleset.apply(changeOf(base, [sized('b', 2)], NOW + 20n));
    expect(base.ruleset.clientVersion).toBe(first);
    const next = changeOf(base, [flag('a', false)], NOW + 30n);
    expect(next).toMatchObject({ clientPrevious: first, clientVersion: next.version });
  });

  it('the client version moves with the default context, and not with the project', () => {
    const context = encodeContextSet({ contexts: [{ type: 'user', values: { a: { bool: true } } }] });
    const base = baseWith();
    const { change: project } = planSettings(base, { ...settings, projectId: 9n }, NOW);
    expect(project).toMatchObject({ clientPrevious: 0n, clientVersion: 0n });
    const { change: set } = planSettings(base, { ...settings, defaultContext: context }, NOW);
    expect(set).toMatchObject({ version: NOW, clientVersion: NOW });
    base.ruleset.apply(set!);
    const { change: taken } = planSettings(
      { ...base, settings: { ...settings, defaultContext: context } },
      settings,
      NOW + 5n,
    );
    expect(taken).toMatchObject({ version: NOW + 5n, clientVersion: NOW + 5n });
  });

  it('the client version is the version where it is not known', () => {
    const { ruleset } = baseWith();
    expect(new Ruleset({ ...changeless(ruleset), version: 5n }).clientVersion).toBe(5n);
  });
});

function changeless({ environment, envelope }: Ruleset) {
  return { environment, at: 0n, envelope, configs: [] };
}
