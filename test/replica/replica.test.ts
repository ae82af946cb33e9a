import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heal } from '../../src/recovery/heal.js';
import { createLog } from '../../src/observe/log.js';
import type { ReplicaOptions } from '../../src/replica/options.js';
import { Replica } from '../../src/replica/replica.js';
import { encodeConfig, encodeEnvelope } from '../../src/ruleset/codec.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import type { Commit, FeedSignal } from '../../src/store/store.js';
import { flag, tombstone } from '../ruleset/arbitrary.js';
import { commitConfigs, createEnvironment, settings, TESTER } from '../support/commits.js';
import { openSlowStore, storeAway, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';

const ENV = 7n;
let slow: SlowStore;
let replica: Replica;
let logs: string[];
let lost: [bigint, bigint, bigint][];
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  slow = await openSlowStore();
  await createEnvironment(slow.direct, ENV);
  logs = [];
  lost = [];
});

afterEach(async () => {
  await replica.stop();
  await slow.close();
  for (const close of closing.splice(0)) await close();
});

async function start(options: Partial<ReplicaOptions> = {}): Promise<void> {
  const log = createLog('debug', { write: (line) => void logs.push(line) });
  replica = new Replica({
    store: slow.store,
    log,
    onDataLost: (...args) => lost.push(args),
    heal: (lost) => heal({ store: slow.store, log }, lost),
    ...options,
  });
  await replica.start();
}

const commit = (...keys: string[]) => commitConfigs(slow.direct, ENV, ...keys.map((key) => flag(key)));
const versionHere = () => replica.loaded(ENV)?.version;

/** Deletes the environment as another node would. */
async function deleteStored(): Promise<void> {
  const ruleset = await storedRuleset();
  const configs = ruleset
    .delta(0n)
    .filter(({ deleted }) => !deleted)
    .map(({ key }, i) =>
      encodeConfig({ id: `${ruleset.version + BigInt(i) + 1n}`, key, configType: 'DELETED' }),
    );
  const version = configs.at(-1)?.id ?? ruleset.version + 1n;
  const place = {
    previous: ruleset.version,
    version,
    clientPrevious: ruleset.version,
    clientVersion: version,
  };
  const { envelope } = ruleset;
  const change = { environment: ENV, ...place, at: version, envelope, configs, deletes: true };
  const result = await slow.direct.commit({
    environment: ENV,
    by: TESTER,
    expect: ruleset.version,
    change,
    live: 0,
  });
  expect(result).toEqual({ kind: 'committed' });
}

/** The store's ruleset, as an object of its own. */
async function storedRuleset(): Promise<Ruleset> {
  const stored = (await slow.direct.read(ENV))!;
  return new Ruleset({ ...stored, environment: ENV, envelope: encodeEnvelope(stored) });
}

async function expectSameAsStore(): Promise<void> {
  const stored = await storedRuleset();
  await until('the replica to be at the store’s version', () => versionHere() === stored.version);
  expect(replica.loaded(ENV)!.encode(0n)).toEqual(stored.encode(0n));
  expect(replica.loaded(ENV)!.live).toBe(stored.live);
}

/** The number of signals with entries that the feed brought since this was called. */
function countSignals(): () => number {
  let told = 0;
  slow.onFeed((signal) => {
    if (signal.kind === 'entries') told++;
    return [signal];
  });
  return () => told;
}

/** Holds feed signals back; `go` lets them and all later ones pass. */
function holdFeed(): { held: FeedSignal[]; go: () => void } {
  const held: FeedSignal[] = [];
  let go = (): void => undefined;
  const going = new Promise<void>((resolve) => (go = resolve));
  let open = false;
  slow.onFeed(async (signal) => {
    if (!open) {
      held.push(signal);
      await going;
      open = true;
    }
    return [signal];
  });
  return { held, go };
}

describe('an environment that another node deletes', () => {
  it('an environment that another node deletes is gone here when the feed brings it, and nothing counts as lost', async () => {
    await start();
    await commit('a', 'b');
    await replica.ruleset(ENV);
    await deleteStored();
    await until('it is gone', () => replica.loaded(ENV) === undefined);
    expect(await replica.confirmed(ENV)).toBeUndefined();
    expect(lost).toEqual([]);
    expect(await slow.direct.deletion(ENV)).toBeDefined();
  });

  it.each(['before', 'after'] as const)(
    'an environment that another node deletes while it is loaded is not left in memory: %s the read',
    async (when) => {
      await start();
      await commit('a');
      const gate = slow.hold('read', when);
      const loading = replica.ruleset(ENV);
      await gate.reached;
      const told = countSignals();
      await deleteStored();
      await until('the feed brings it', () => told() > 0);
      gate.open();
      expect(await loading).toBeUndefined();
      expect(replica.loaded(ENV)).toBeUndefined();
      expect(lost).toEqual([]);
    },
  );

  it('an environment that is created again after its deletion is served from above the version of the deletion', async () => {
    await start();
    await commit('a');
    await replica.ruleset(ENV);
    await deleteStored();
    const { version } = (await slow.direct.deletion(ENV))!;
    await until('it is gone', () => replica.loaded(ENV) === undefined);
    const again = { ...settings(ENV), name: 'again' };
    const place = {
      previous: version,
      version: version + 1n,
      clientPrevious: version,
      clientVersion: version + 1n,
    };
    const change = {
      environment: ENV,
      ...place,
      at: version + 1n,
      envelope: encodeEnvelope(again),
      configs: [],
    };
    await slow.direct.commit({
      environment: ENV,
      by: TESTER,
      expect: version,
      settings: again,
      change,
      live: 0,
    });
    expect((await replica.ruleset(ENV))?.version).toBe(version + 1n);
    await commit('b');
    await expectSameAsStore();
  });
});

describe('a load that overlaps with the feed', () => {
  it('a load that overlaps with the feed keeps a change that the feed brought before the read saw the ruleset', async () => {
    await start();
    await commit('a');
    const gate = slow.hold('read', 'before');
    const loading = replica.ruleset(ENV);
    await gate.reached;
    const told = countSignals();
    await commit('b');
    await until('the feed to bring it', () => told() > 0);
    gate.open();
    await loading;
    await expectSameAsStore();
  });

  it('a load that overlaps with the feed keeps a change that came after the read saw the ruleset and before its answer arrived', async () => {
    await start();
    await commit('a');
    const gate = slow.hold('read', 'after');
    const loading = replica.ruleset(ENV);
    await gate.reached;
    const told = countSignals();
    const { version } = await commit('b');
    // Two signals: the replica asks for the second only when it is done with the first.
    await until('the feed to bring it', () => told() > 0);
    await commit('c');
    await until('the feed to bring the next', () => told() > 1);
    gate.open();
    expect((await loading)!.version).toBeGreaterThanOrEqual(version);
    await expectSameAsStore();
  });

  it('a load that overlaps with the feed does not apply a change twice that the read saw and the feed brings afterwards', async () => {
    const feed = holdFeed();
    await start();
    await commit('a');
    await commit('b');
    await replica.ruleset(ENV);
    feed.go();
    await commit('c');
    await expectSameAsStore();
    expect(slow.calls.read).toBe(1);
  });

  it('a load that overlaps with the feed goes by versions when changes and deletions come in any mixture', async () => {
    await start();
    for (let round = 0; round < 20; round++) {
      const gate = slow.hold('read', round % 2 === 0 ? 'before' : 'after');
      const loading = replica.reload(ENV);
      await gate.reached;
      await commit(`key-${round % 5}`);
      if (round % 3 === 0) await commitConfigs(slow.direct, ENV, tombstone(`key-${(round + 2) % 5}`));
      gate.open();
      await commit(`late-${round % 3}`);
      await loading;
    }
    await expectSameAsStore();
  });

  it('a load that overlaps with the feed shares one read between all who wait for it', async () => {
    await start();
    await commit('a');
    const all = await Promise.all([replica.ruleset(ENV), replica.ruleset(ENV), replica.ruleset(ENV)]);
    expect(new Set(all).size).toBe(1);
    expect(slow.calls.read).toBe(1);
  });

  it('a load that overlaps with the feed tries again at the next use when the read failed', async () => {
    await start();
    slow.away(['read'], true);
    await expect(replica.ruleset(ENV)).rejects.toMatchObject({ code: 'store_unavailable' });
    slow.away(['read'], false);
    expect((await replica.ruleset(ENV))!.version).toBe(0n);
  });
});

describe('reload', () => {
  it('reload does not take the answer of a read that began before', async () => {
    await start();
    await commit('a');
    slow.onFeed(() => []); // the feed is silent
    const gate = slow.hold('read', 'after');
    const first = replica.ruleset(ENV);
    await gate.reached;
    const { version } = await commit('b');
    const again = replica.reload(ENV);
    gate.open();
    expect((await first)!.version).toBeLessThan(version);
    expect((await again)!.version).toBe(version);
  });
});

describe('a gap in the feed', () => {
  /** Drops all entries; `gap` then says so at the feed's present head. */
  function loseEntries(): { gap: () => void; dropped: () => number } {
    let gapNow = false;
    let dropped = 0;
    slow.onFeed(async (signal) => {
      if (gapNow) {
        gapNow = false;
        return [{ kind: 'gap', position: await slow.direct.head() }];
      }
      if (signal.kind !== 'entries') return [signal];
      dropped += signal.entries.length;
      return [];
    });
    return { gap: () => (gapNow = true), dropped: () => dropped };
  }

  it('a gap in the feed makes every environment load again', async () => {
    await start();
    await replica.ruleset(ENV);
    const feed = loseEntries();
    await commit('a');
    await until('the first entry is dropped', () => feed.dropped() > 0);
    feed.gap();
    await commit('b');
    await expectSameAsStore();
  });

  it('a gap in the feed makes environments load again a few at a time, those with direct holds first', async () => {
    const all = Array.from({ length: 30 }, (_, i) => ENV + 1n + BigInt(i));
    for (const environment of all) await createEnvironment(slow.direct, environment);
    await start();
    for (const environment of all) await replica.ruleset(environment);
    const held = all.at(-1)!;
    replica.watch(held, () => undefined);
    const read: bigint[] = [];
    let reading = 0;
    let most = 0;
    slow.store.read = async (environment) => {
      read.push(environment);
      most = Math.max(most, ++reading);
      await new Promise((resolve) => setTimeout(resolve, 5));
      reading--;
      return slow.direct.read(environment);
    };
    const feed = loseEntries();
    feed.gap();
    await commitConfigs(slow.direct, held, flag('a'));
    await until('every environment is read again', () => new Set(read).size === all.length);
    expect(most).toBeLessThanOrEqual(8);
    expect(read[0]).toBe(held);
  });

  it('a gap in the feed that hid the deletion of an environment ends with the deletion here too, and nothing is written back', async () => {
    await start();
    await commit('a');
    await replica.ruleset(ENV);
    const feed = loseEntries();
    await deleteStored();
    await until('the deletion is dropped', () => feed.dropped() > 0);
    expect(replica.loaded(ENV)).toBeDefined();
    feed.gap();
    await createEnvironment(slow.direct, ENV + 1n);
    await commitConfigs(slow.direct, ENV + 1n, flag('b'));
    await until('it is gone', () => replica.loaded(ENV) === undefined);
    expect(await slow.direct.environment(ENV)).toBeUndefined();
    expect(lost).toEqual([]);
  });

  it('a gap in the feed makes an environment load again whose first read was under way', async () => {
    await start();
    const feed = loseEntries();
    const gate = slow.hold('read', 'after');
    const loading = replica.ruleset(ENV);
    await gate.reached;
    await commit('a');
    feed.gap();
    await commit('b');
    await until('the gap to be noticed', () => logs.some((line) => line.includes('gap')));
    gate.open();
    await loading;
    await expectSameAsStore();
  });

  it('a gap in the feed is repaired when the store could not be read at first', async () => {
    await start();
    await replica.ruleset(ENV);
    const feed = loseEntries();
    slow.away(['read'], true);
    await commit('a');
    feed.gap();
    await commit('b');
    await until('a read to fail', () => logs.some((line) => line.includes('could not read')));
    slow.away(['read'], false);
    await expectSameAsStore();
  });

  it('a gap in the feed makes the keys be read again, until that works', async () => {
    await start();
    const feed = loseEntries();
    slow.away(['keys'], true);
    await slow.direct.addKey(key('k', undefined));
    feed.gap();
    await commit('a');
    await until('a read to fail', () => logs.some((line) => line.includes('could not read the keys')));
    expect(replica.status().keys).toBe(0);
    slow.away(['keys'], false);
    await until('the keys to be there', () => replica.status().keys === 1);
  });

  it('a gap in the feed is found by a change that does not follow', async () => {
    await start();
    await replica.ruleset(ENV);
    slow.onFeed((signal) => {
      if (signal.kind === 'entries') slow.onFeed((next) => [next]);
      return signal.kind === 'entries' ? [] : [signal];
    });
    await commit('lost');
    await until('the entry to be lost', () => slow.calls.read === 1);
    await new Promise((resolve) => setImmediate(resolve));
    await commit('next');
    await expectSameAsStore();
    expect(slow.calls.read).toBeGreaterThan(1);
  });
});

const key = (id: string, revokedAt: number | undefined) => ({
  id,
  environment: ENV,
  kind: 'server' as const,
  name: id,
  hash: `hash of ${id}`,
  createdAt: 1,
  revokedAt,
});

describe('confirmed', () => {
  it('waits for what the store already has, when the feed is slow', async () => {
    await start();
    await replica.ruleset(ENV);
    const feed = holdFeed();
    const { version } = await commit('a');
    const asking = replica.confirmed(ENV);
    feed.go();
    expect(await asking).toMatchObject({ confirmed: true, ruleset: { version } });
    expect(slow.calls.read).toBe(1);
  });

  it('reads the store when the feed does not bring it', async () => {
    await start();
    await replica.ruleset(ENV);
    slow.onFeed((signal) => (signal.kind === 'entries' ? [] : [signal]));
    const { version } = await commit('a');
    expect(await replica.confirmed(ENV)).toMatchObject({ confirmed: true, ruleset: { version } });
    expect(slow.calls.read).toBe(2);
  });

  it('confirmed never confirms what a read that is under way saw before', async () => {
    await start();
    await replica.ruleset(ENV);
    slow.onFeed((signal) => (signal.kind === 'entries' ? [] : [signal]));
    await commit('a');
    const gate = slow.hold('read', 'after');
    const reading = replica.reload(ENV);
    await gate.reached;
    const { version } = await commit('b');
    const asking = replica.confirmed(ENV);
    await until('the store to be asked', () => slow.calls.version === 1);
    gate.open();
    await reading;
    expect(await asking).toMatchObject({ confirmed: true, ruleset: { version } });
  });

  it('answers with what is here, unconfirmed, when the store cannot be asked', async () => {
    await start();
    await replica.ruleset(ENV);
    slow.away(['version'], true);
    expect(await replica.confirmed(ENV)).toMatchObject({ confirmed: false, ruleset: { version: 0n } });
  });

  it('confirmed is unconfirmed when the store is newer and cannot be read', async () => {
    await start();
    await replica.ruleset(ENV);
    slow.onFeed((signal) => (signal.kind === 'entries' ? [] : [signal]));
    await commit('a');
    slow.away(['read'], true);
    expect(await replica.confirmed(ENV)).toMatchObject({ confirmed: false, ruleset: { version: 0n } });
  });

  it('confirmed is undefined for an environment that does not exist', async () => {
    await start();
    expect(await replica.confirmed(99n)).toBeUndefined();
  });

  it('rejects when nothing is here and the store is unavailable', async () => {
    await start();
    slow.away(['read', 'version'], true);
    await expect(replica.confirmed(ENV)).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});

describe('while the store is unavailable', () => {
  it('serves what is in memory, says so, and goes on when it is back', async () => {
    await start();
    const { version } = await commit('a');
    await replica.ruleset(ENV);
    let away = true;
    slow.onFeed((signal) => (away ? [{ kind: 'away', error: storeAway() }] : [signal]));
    await until('the replica to notice', () => replica.status().feed === 'away');
    slow.away(['read', 'version', 'keys'], true);
    expect((await replica.ruleset(ENV))!.version).toBe(version);
    away = false;
    await until('the replica to be current again', () => replica.status().feed === 'current');
    expect(logs.some((line) => line.includes('the store is available again'))).toBe(true);
  });

  it('counts the lag from the last word of the feed', async () => {
    let now = 0;
    await start({ now: () => now });
    slow.onFeed(() => [{ kind: 'away', error: storeAway() }]);
    await until('the replica to notice', () => replica.status().feed === 'away');
    now = 5_000;
    expect(replica.status().lag).toBe(5_000);
  });
});

describe('a store that lost writes', () => {
  /** The store as it was at an earlier time: what a read answers from now on. */
  function rollBack(to: Awaited<ReturnType<SlowStore['direct']['read']>>): void {
    slow.store.read = async () => to;
    slow.store.version = async () => to?.version;
    slow.onFeed(() => [{ kind: 'gap', position: '0' }]);
  }

  /** The store without the last commit of `b`: what a restart from an older file leaves. */
  async function loseB(): Promise<{ version: bigint; restored: () => Promise<bigint | undefined> }> {
    await commit('a');
    const earlier = (await slow.direct.read(ENV))!;
    const { version } = await commit('b');
    await until('the replica to be current', async () => (await replica.ruleset(ENV))!.version === version);
    const older = await openSlowStore();
    const { id, projectId, name, version: before, clientVersion, at, live, configs } = earlier;
    const step = { previous: 0n, version: before, clientPrevious: 0n, clientVersion };
    const change = { environment: ENV, ...step, at, envelope: encodeEnvelope(earlier), configs };
    await older.direct.commit({
      environment: ENV,
      by: TESTER,
      expect: undefined,
      settings: { id, projectId, name },
      live,
      change,
    });
    Object.assign(slow.store, {
      read: (environment: bigint) => older.direct.read(environment),
      version: (environment: bigint) => older.direct.version(environment),
      commit: (planned: Commit) => older.direct.commit(planned),
    });
    closing.push(() => older.close());
    slow.onFeed(() => [{ kind: 'gap', position: '0' }]);
    return { version, restored: () => older.direct.version(ENV) };
  }

  it('a store that lost writes gets them back with the ids that they had, and no client sees an older ruleset in the meantime', async () => {
    await start();
    const seen: bigint[] = [];
    replica.watch(ENV, (ruleset) => seen.push(ruleset.version));
    const { version, restored } = await loseB();
    await until('the store has it again', async () => (await restored()) === version);
    expect(lost[0]?.[1]).toBe(version);
    expect(versionHere()).toBe(version);
    expect(seen.every((each, i) => i === 0 || each >= seen[i - 1]!)).toBe(true);
  });

  it('a store that lost writes keeps ours and tries again while they cannot be committed', async () => {
    let attempts = 0;
    await start({
      heal: () => {
        attempts++;
        return Promise.reject(storeAway());
      },
    });
    const { version } = await loseB();
    await until('a second attempt', () => attempts > 1);
    expect(versionHere()).toBe(version);
  });

  it('a store that lost writes does not take the environment with it: ours is the best copy there is, and not confirmed', async () => {
    await start();
    const { version } = await commit('a');
    await replica.ruleset(ENV);
    rollBack(undefined);
    await until('the loss to be noticed', () => lost.length > 0);
    expect(lost[0]).toEqual([ENV, version, 0n]);
    expect(await replica.confirmed(ENV)).toMatchObject({ confirmed: false, ruleset: { version } });
  });
});

describe('watch', () => {
  it('tells of each change until it is called off', async () => {
    await start();
    await replica.ruleset(ENV);
    const seen: bigint[] = [];
    const unwatch = replica.watch(ENV, (ruleset) => seen.push(ruleset.version));
    const first = await commit('a');
    await until('the first', () => seen.length === 1);
    unwatch();
    const second = await commit('b');
    await until('the second to be applied', () => versionHere() === second.version);
    expect(seen).toEqual([first.version]);
  });

  it('notifies the others when one listener fails or leaves while it is notified', async () => {
    await start();
    await replica.ruleset(ENV);
    const seen: string[] = [];
    replica.watch(ENV, () => {
      throw new Error('broken listener');
    });
    const unwatch = replica.watch(ENV, () => {
      seen.push('leaves');
      unwatch();
    });
    replica.watch(ENV, () => seen.push('stays'));
    await commit('a');
    await commit('b');
    await until('all to be told', () => seen.length === 3);
    expect(seen).toEqual(['leaves', 'stays', 'stays']);
    expect(logs.some((line) => line.includes('broken listener'))).toBe(true);
  });

  it('watch does not tell of other environments', async () => {
    await createEnvironment(slow.direct, 8n);
    await start();
    await replica.ruleset(ENV);
    await replica.ruleset(8n);
    const seen: bigint[] = [];
    replica.watch(8n, (ruleset) => seen.push(ruleset.environment));
    await commit('a');
    await commitConfigs(slow.direct, 8n, flag('b'));
    await until('the second to be told', () => seen.length > 0);
    expect(seen).toEqual([8n]);
  });
});

describe('stop', () => {
  it('ends following, also while the feed is silent', async () => {
    await start();
    await replica.stop();
    const { version } = await commit('a');
    expect((await replica.ruleset(ENV))!.version).toBe(version);
    await commit('b');
    expect(versionHere()).toBe(version);
  });
});
