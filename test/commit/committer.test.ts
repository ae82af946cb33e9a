import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Committer } from '../../src/commit/committer.js';
import { heal } from '../../src/recovery/heal.js';
import { createLog } from '../../src/observe/log.js';
import { issueKey } from '../../src/keys/issue-key.js';
import { Replica } from '../../src/replica/replica.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import { flag } from '../ruleset/arbitrary.js';
import { commitConfigs, createEnvironment, settings, TESTER } from '../support/commits.js';
import { openSlowStore, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';

const ENV = 7n;
let slow: SlowStore;
let replica: Replica;
let committer: Committer;

beforeEach(async () => {
  slow = await openSlowStore();
  await createEnvironment(slow.direct, ENV);
  const log = createLog('silent');
  replica = new Replica({
    store: slow.store,
    log,
    heal: (lost) => heal({ store: slow.store, log }, lost),
  });
  await replica.start();
  await replica.ruleset(ENV);
  committer = new Committer({ store: slow.store, replica });
});

afterEach(async () => {
  await replica.stop();
  await slow.close();
});

/**
 * Another node commits, and the feed brings it here, while this node waits for an answer of the
 * store.
 */
async function commitMeanwhile(call: 'time' | 'version', work: () => Promise<unknown>): Promise<void> {
  const gate = slow.hold(call, 'after');
  const done = work();
  await gate.reached;
  const { version } = await commitConfigs(slow.direct, ENV, flag('theirs'));
  await until('the feed has brought it', () => replica.loaded(ENV)?.version === version);
  gate.open();
  await done;
}

const keysHere = (): string[] => [...replica.loaded(ENV)!.configs()].map(({ key }) => key).sort();

it.each(['time', 'version'] as const)(
  'commits although the feed brings the change of another node while it asks for the %s',
  async (call) => {
    const configs = readSubmittedJson({ configs: [flag('ours')] });
    await commitMeanwhile(call, () => committer.commit({ environment: ENV, by: TESTER, configs }));
    await until('both are here', () => keysHere().length === 2);
    expect(keysHere()).toEqual(['ours', 'theirs']);
  },
);

it('refuses a version that is no longer the newest when the feed has brought a newer one in the meantime', async () => {
  const ifVersion = (await commitConfigs(slow.direct, ENV, flag('first'))).version;
  await until('it is here', () => replica.loaded(ENV)?.version === ifVersion);
  const configs = readSubmittedJson({ configs: [flag('ours')] });
  const work = () =>
    expect(committer.commit({ environment: ENV, by: TESTER, configs, ifVersion })).rejects.toMatchObject({
      code: 'version_mismatch',
    });
  await commitMeanwhile('time', work);
  expect(keysHere()).toEqual(['first', 'theirs']);
});

it('keeps the settings that another node has made while it commits', async () => {
  const defaultContext = new Uint8Array();
  const gate = slow.hold('time', 'after');
  const done = committer.commit({
    environment: ENV,
    by: TESTER,
    configs: readSubmittedJson({ configs: [flag('ours')] }),
  });
  await gate.reached;
  const other = new Committer({ store: slow.direct, replica });
  await other.putEnvironment({ ...settings(ENV), defaultContext }, TESTER);
  const envelope = Buffer.from((await slow.direct.read(ENV))!.defaultContext!);
  gate.open();
  await done;
  expect(Buffer.from((await slow.direct.read(ENV))!.defaultContext!)).toEqual(envelope);
  await until('ours is here', () => keysHere().includes('ours'));
  // 34 is the tag of the default context in the envelope that every client gets.
  expect([...replica.loaded(ENV)!.envelope]).toContain(34);
});

it('a committer has in memory what it acknowledges, also before the feed brings it: the store could lose it now', async () => {
  slow.onFeed(() => []);
  const configs = readSubmittedJson({ configs: [flag('ours')] });
  const { version } = await committer.commit({ environment: ENV, by: TESTER, configs });
  expect(`${replica.loaded(ENV)!.version}`).toBe(version);
  expect(keysHere()).toEqual(['ours']);
});

it('a committer does not say that an environment does not exist when there are keys of it: the store lost it', async () => {
  const configs = readSubmittedJson({ configs: [flag('ours')] });
  const refused = committer.commit({ environment: 99n, by: TESTER, configs });
  await expect(refused).rejects.toMatchObject({ code: 'environment_unknown' });
  const { key } = issueKey(
    { ...settings(99n), version: 0n, clientVersion: 0n, at: 0n, live: 0 },
    'server',
    '',
    0,
  );
  replica.keyring.take(key);
  await expect(committer.commit({ environment: 99n, by: TESTER, configs })).rejects.toMatchObject({
    code: 'store_unavailable',
  });
});

it('plans a large change again, before it asks the store, when another change came between two slices', async () => {
  const onConflict = vi.fn();
  const large = new Committer({ store: slow.store, replica, onConflict });
  const configs = readSubmittedJson({ configs: Array.from({ length: 4_000 }, (_, i) => flag(`k${i}`)) });
  const gate = slow.hold('version', 'after');
  const done = large.commit({ environment: ENV, by: TESTER, configs });
  await gate.reached;
  gate.open();
  // The plan takes dozens of slices; the change of another node is here after a few.
  await commitConfigs(slow.direct, ENV, flag('theirs'));
  await until('the feed has brought it', () => keysHere().includes('theirs'));
  expect(keysHere()).toEqual(['theirs']);
  await done;
  expect(onConflict).not.toHaveBeenCalled();
  expect(keysHere()).toHaveLength(4_001);
});
