/**
 * Lost writes that can no longer be committed as they were, on a real Redis: every node comes to
 * the store's ruleset.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Committer } from '../../src/commit/committer.js';
import { heal } from '../../src/recovery/heal.js';
import { settingsOf } from '../../src/commit/plan-settings.js';
import { Replica } from '../../src/replica/replica.js';
import { decodeConfigs, decodeContextSet, encodeContextSet } from '../../src/ruleset/codec.js';
import type { Store } from '../../src/store/store.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import type { Config } from '../../src/ruleset/model.js';
import { segment, tombstone } from '../ruleset/arbitrary.js';
import { recordingLog } from '../store/fixtures.js';
import { flag } from '../support/configs.js';
import { commitConfigs, createEnvironment, settings, TESTER } from '../support/commits.js';
import { change, INBOX, REJECTED } from '../support/inbox.js';
import { until } from '../support/until.js';
import { sharedInbox } from '../support/shared.js';

const stack = sharedInbox();

const stopping: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stopping.splice(0)) await stop();
});

interface Node {
  readonly replica: Replica;
  readonly committer: Committer;
  readonly lines: () => Record<string, unknown>[];
  readonly counts: { lost: number; givenUp: number };
}

async function startNode(store: Store): Promise<Node> {
  const { log, lines } = recordingLog();
  const counts = { lost: 0, givenUp: 0 };
  const replica = new Replica({
    store,
    log,
    onDataLost: () => counts.lost++,
    heal: (lost) => heal({ store, log, onGivenUp: (configs) => (counts.givenUp += configs) }, lost),
  });
  await replica.start();
  stopping.push(() => replica.stop());
  return { replica, committer: new Committer({ store, replica }), lines, counts };
}

/** Everything in Redis, to be put back later: a restart from an older file, without the restart. */
async function copyOfRedis(): Promise<() => Promise<void>> {
  const names = await stack.raw.keys('*');
  const copies = await Promise.all(
    names.map(async (name) => [name, await stack.raw.dumpBuffer(name)] as const),
  );
  return async () => {
    const transaction = stack.raw.multi().flushall();
    for (const [name, bytes] of copies) transaction.restore(name, 0, bytes);
    await transaction.exec();
  };
}

/** The store after it lost `lost` and another node committed `since`; a node still has `lost`. */
async function lose(common: Config[], lost: Config[], since: Config[]): Promise<Node & { store: Store }> {
  const store = await stack.open();
  await commitConfigs(store, 1n, ...common);
  const node = await startNode(store);
  await node.replica.ruleset(1n);
  const rollBack = await copyOfRedis();
  const { version } = await commitConfigs(store, 1n, ...lost);
  await until('the node has it', () => node.replica.loaded(1n)?.version === version);
  await rollBack();
  const other = await stack.open();
  await commitConfigs(other, 1n, ...since);
  return { ...node, store };
}

async function expectConverged({ replica, store }: Node & { store: Store }): Promise<void> {
  await until('the node has the store’s ruleset', async () => {
    const version = await store.version(1n);
    return replica.loaded(1n)?.version === version && replica.status().recovering === 0;
  });
  const stored = (await store.read(1n))!;
  const ours = replica.loaded(1n)!;
  expect(new Map([...ours.configs()].map(({ key, id }) => [key, id]))).toEqual(
    new Map(stored.configs.map(({ key, id }) => [key, id])),
  );
}

describe('a lost flag whose segment was deleted since', () => {
  const losing = () => lose([segment('s')], [segment('uses', 's'), flag('other', true)], [tombstone('s')]);

  it('a lost flag whose segment was deleted since is given up, while the node takes over the store’s ruleset with what else it lost', async () => {
    const node = await losing();
    await expectConverged(node);
    const { replica, counts, lines } = node;
    expect(replica.loaded(1n)!.get('s')!.deleted).toBe(true);
    expect(replica.loaded(1n)!.get('other')!.deleted).toBe(false);
    // A client that received it is told that it is gone.
    expect(replica.loaded(1n)!.get('uses')!.deleted).toBe(true);
    expect(counts).toEqual({ lost: 1, givenUp: 1 });
    const line = lines().find(({ msg }) => String(msg).includes('are given up'));
    expect(line).toMatchObject({ environment: '1', keys: ['uses'] });
  });

  it('a lost flag whose segment was deleted since leaves commits and the inbox working, those of its environment too', async () => {
    const node = await losing();
    await expectConverged(node);
    const configs = readSubmittedJson({ configs: [flag('kill switch', false)] });
    const { version } = await node.committer.commit({ environment: 1n, by: TESTER, configs });
    await until('it arrives', () => `${node.replica.loaded(1n)!.version}` === version);
    await stack.addChange(1, change('by event'));
    await stack.consume();
    await stack.settled();
    expect((await stack.committed()).at(-1)).toBe('by event');
  });

  it('a lost flag whose segment was deleted since is listed among the rejected events, and a retry commits it once its segment is there again', async () => {
    const node = await losing();
    await expectConverged(node);
    const [event] = (await node.store.inbox!.rejected(10)).events;
    expect(event).toMatchObject({ code: 'segment_missing', event: '0-0' });
    expect(event!.message).toContain('"uses"');
    const bytes = event!.fields.find(({ name }) => name.toString() === 'configs')!.value;
    expect(decodeConfigs(bytes).configs!.map(({ key, id }) => [key, id ?? '0'])).toEqual([['uses', '0']]);
    await commitConfigs(node.store, 1n, segment('s'));
    expect(await node.store.inbox!.retry(event!.id)).toMatchObject({ kind: 'retried' });
    await stack.consume();
    await stack.settled();
    await until('it is back', () => node.replica.loaded(1n)?.get('uses')?.deleted === false);
    expect(await stack.raw.xlen(REJECTED)).toBe(0);
  });

  it('a lost flag whose segment was deleted since is listed once when several nodes have it', async () => {
    const store = await stack.open();
    await commitConfigs(store, 1n, segment('s'));
    const nodes = [
      await startNode(store),
      await startNode(await stack.open()),
      await startNode(await stack.open()),
    ];
    for (const { replica } of nodes) await replica.ruleset(1n);
    const rollBack = await copyOfRedis();
    const { version } = await commitConfigs(store, 1n, segment('uses', 's'));
    for (const { replica } of nodes) {
      await until('the node has it', () => replica.loaded(1n)?.version === version);
    }
    await rollBack();
    await commitConfigs(await stack.open(), 1n, tombstone('s'));
    for (const node of nodes) await expectConverged({ ...node, store });
    expect(await stack.raw.xlen(REJECTED)).toBe(1);
  });
});

describe('an environment whose events cannot be decided now', () => {
  it('an environment whose events cannot be decided now keeps its own events in order, and those of other environments are committed', async () => {
    const store = await stack.open();
    await stack.raw.hset(
      '{holdfast}:keys',
      'k',
      JSON.stringify({ id: 'k', environment: '9', kind: 'server', name: '', hash: 'h', createdAt: 1 }),
    );
    // It has keys and is not there: the store lost it, which an operator may undo at any time.
    for (let i = 0; i < 20; i++) {
      await stack.addChange(9, change(`late${i}`));
      await stack.addChange(1 + (i % 2), change(`k${i}`));
    }
    const { consumer } = await stack.consume();
    await until('only those of the lost environment wait', async () => (await stack.raw.xlen(INBOX)) === 20);
    expect(await stack.committed()).toEqual(Array.from({ length: 20 }, (_, i) => `k${i}`));
    expect(consumer.status().error).toContain('environment 9');
    await stack.addChange(1, change('after'));
    await until('a later one is committed', async () => (await stack.raw.xlen(INBOX)) === 20);
    await createEnvironment(store, 9n);
    await stack.settled();
    const late = (await stack.committed()).filter((key) => key.startsWith('late'));
    expect(late).toEqual(Array.from({ length: 20 }, (_, i) => `late${i}`));
    await until('it is well again', () => consumer.status().error === undefined);
  });
});

describe('a default context that the store lost', () => {
  const context = (team: string) =>
    encodeContextSet({ contexts: [{ type: 'user', values: { team: { string: team } } }] });

  /** A node with a context that the store has no more, and with what else it lost. */
  async function loseContext(lost: Config[], since: Config[]): Promise<Node & { store: Store }> {
    const store = await stack.open();
    await commitConfigs(store, 1n, flag('common', true));
    const node = await startNode(store);
    await node.committer.putEnvironment({ ...settings(1n), defaultContext: context('first') }, TESTER);
    await until('the node has it', () => node.replica.loaded(1n) !== undefined);
    const rollBack = await copyOfRedis();
    await node.committer.putEnvironment({ ...settings(1n), defaultContext: context('lost') }, TESTER);
    if (lost.length > 0) {
      await node.committer.commit({
        environment: 1n,
        by: TESTER,
        configs: readSubmittedJson({ configs: lost }),
      });
    }
    await rollBack();
    if (since.length > 0) await commitConfigs(await stack.open(), 1n, ...since);
    return { ...node, store };
  }

  const teamOf = (bytes: Uint8Array | undefined): unknown =>
    bytes && decodeContextSet(bytes).contexts?.[0]?.values?.team?.string;

  it.each([
    ['alone', []],
    ['with configs', [flag('other', true)]],
  ])('a default context that was lost %s is committed again', async (_, lost) => {
    const node = await loseContext(lost, []);
    await until('the store has it', async () => {
      return teamOf((await node.store.environment(1n))?.defaultContext) === 'lost';
    });
    await expectConverged(node);
    expect((await node.store.environment(1n))!.name).toBe(settings(1n).name);
    expect(settingsOf(node.replica.loaded(1n)!).defaultContext).toEqual(context('lost'));
    expect(node.counts).toEqual({ lost: 1, givenUp: 0 });
  });

  it('a default context that was lost stays lost when the store has moved on beyond its version', async () => {
    const node = await loseContext([], [flag('since', true)]);
    await expectConverged(node);
    expect(teamOf((await node.store.environment(1n))?.defaultContext)).toBe('first');
  });
});
