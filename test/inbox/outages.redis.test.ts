/**
 * Events that wait and events that do not: under other writers, unexpected errors, a stop, and a
 * Redis that fails.
 */
import { cp, rm } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { HoldfastError } from '../../src/core/errors.js';
import { decodeConfig } from '../../src/ruleset/codec.js';
import type { Commit } from '../../src/store/store.js';
import { commitConfigs, createEnvironment } from '../support/commits.js';
import { flag } from '../support/configs.js';
import {
  at,
  change,
  fails,
  INBOX,
  REJECTED,
  startInbox,
  type Fault,
  type Faults,
  type InboxStack,
} from '../support/inbox.js';
import { startCluster, startRedis, startSentinel } from '../support/redis.js';
import { until } from '../support/until.js';
import { sharedInbox } from '../support/shared.js';

const stack = sharedInbox();

const stacks: InboxStack[] = [];
afterEach(async () => {
  for (const each of stacks.splice(0)) await each.stop();
});

describe('an event that is not at fault', () => {
  it('an event that is not at fault waits while others change its environment, with those of its environment behind it and no others', async () => {
    const busy = new HoldfastError('busy', 'busy, says the test');
    const fail = fails(6, busy);
    await stack.addChange(1, change('a'));
    await stack.addChange(1, change('b'));
    await stack.addChange(2, change('c'));
    const { consumer, counts, lines } = await stack.consume({
      faults: {
        commit: { before: (commit) => ((commit as Commit).environment === 1n ? fail() : undefined) },
      },
    });
    await until('it says so', () => consumer.status().error === 'busy, says the test');
    await stack.settled();
    expect(await stack.committed()).toEqual(['c', 'a', 'b']);
    expect(counts.rejected).toEqual([]);
    // Once, not at every try.
    expect(lines().filter(({ msg }) => String(msg).includes('cannot be decided now'))).toHaveLength(1);
    await until('it is well again', () => consumer.status().error === undefined);
  });

  it('an event that is not at fault is planned again when another node was first', async () => {
    const other = await stack.open();
    let n = 0;
    const before: Fault = async () => {
      if (++n <= 3) await commitConfigs(other, 1n, change(`other${n}`));
    };
    await stack.addChange(1, change('a'));
    await stack.consume({ faults: { commit: { before } } });
    await stack.settled();
    expect(await stack.committed()).toEqual(['other1', 'other2', 'other3', 'a']);
  });
});

describe('an event that triggers a defect', () => {
  const poisoned =
    (error: Error): Fault =>
    (commit) => {
      if ((commit as Commit).change?.configs.some(({ key }) => key === 'poison') === true) throw error;
    };

  it.each([
    ['internal', new TypeError('a defect')],
    ['internal', new HoldfastError('internal', 'a known one')],
    ['store_damaged', new HoldfastError('store_damaged', 'not ours')],
  ])(
    'an event that triggers a defect is rejected as %s after three tries, and those behind it are committed',
    async (code, error) => {
      let tries = 0;
      const before: Fault = (commit) => {
        if ((commit as Commit).change?.configs[0]?.key === 'poison') tries++;
        return poisoned(error)(commit);
      };
      for (const key of ['a', 'poison', 'b']) await stack.addChange(1, change(key));
      const { counts, lines } = await stack.consume({ faults: { commit: { before } } });
      await stack.settled();
      expect(tries).toBe(3);
      expect(await stack.committed()).toEqual(['a', 'b']);
      expect(counts.rejected).toEqual([code]);
      const [{ fields } = { fields: [] }] = await stack.rejected();
      expect(fields[1]!.map(String)).toEqual(['holdfast-code', code]);
      // The internal error is for the log, and not for readers of the stream.
      expect(fields[2]![1].toString()).not.toContain('a defect');
      expect(JSON.stringify(lines())).toContain(error.message);
    },
  );

  it('an event that triggers a defect keeps the others waiting only until the store can take the rejection', async () => {
    for (const key of ['poison', 'b']) await stack.addChange(1, change(key));
    const faults: Faults = {
      commit: { before: poisoned(new TypeError('a defect')) },
      reject: { before: fails(4) },
    };
    const { counts } = await stack.consume({ faults });
    await stack.settled();
    expect([counts.committed, counts.rejected]).toEqual([1, ['internal']]);
  });
});

describe('a consumer that is aborted', () => {
  it('a consumer that is aborted finishes the event at hand, and leaves the others to the next one', async () => {
    for (let i = 0; i < 20; i++) await stack.addChange(1, change(`k${i}`));
    let reached = (): void => undefined;
    let go = (): void => undefined;
    const third = new Promise<void>((resolve) => (reached = resolve));
    const gate = new Promise<void>((resolve) => (go = resolve));
    const before = at(3, () => {
      reached();
      return gate;
    });
    const first = await stack.consume({ faults: { commit: { before } } });
    await third;
    const stopped = first.stop();
    go();
    await stopped;
    expect(await stack.committed()).toEqual(['k0', 'k1', 'k2']);
    expect(first.consumer.status()).toEqual({ waiting: 0, rejected: 0 });
    await stack.consume();
    await stack.settled();
    expect(await stack.committed()).toEqual(Array.from({ length: 20 }, (_, i) => `k${i}`));
  });
});

describe('when Redis fails', () => {
  async function own(options: Parameters<typeof startRedis>[0]): Promise<InboxStack> {
    const each = await startInbox(undefined, await startRedis(options));
    stacks.push(each);
    await each.clear();
    return each;
  }

  it('goes on without losing or repeating an event when it is back with its data', async () => {
    const one = await own({ appendonly: true });
    for (let i = 0; i < 100; i++) await one.addChange(1, change(`k${i}`));
    const { consumer, counts, lines } = await one.consume();
    await until('it has begun', () => counts.committed > 3);
    await one.server.kill();
    await until('it says so', () => consumer.status().error !== undefined);
    await one.server.restart();
    await one.settled();
    expect(await one.committed()).toEqual(Array.from({ length: 100 }, (_, i) => `k${i}`));
    expect(JSON.stringify(lines())).toContain('the inbox cannot be read');
    await until('it is well again', () => consumer.status().error === undefined);
  });

  it('when Redis fails, does not undo what came after an event when the store comes back without its last writes', async () => {
    const one = await own({ appendonly: true });
    const copy = `${one.server.dir}-copy`;
    let hold = (): void => undefined;
    const held = new Promise<void>((resolve) => (hold = resolve));
    // The copy is to have the event, and not its commit.
    const { counts, replica } = await one.consume({ faults: { commit: { before: at(1, () => held) } } });
    await one.addChange(1, flag('a', true));
    await until('it is read', async () => (await one.raw.xpending(INBOX, 'holdfast'))[0] === 1);
    await cp(`${one.server.dir}/appendonlydir`, copy, { recursive: true });
    hold();
    await one.settled();
    const other = await one.open();
    await commitConfigs(other, 1n, flag('a', false));
    const last = (await other.version(1n))!;
    await until('the node has it', () => replica.loaded(1n)?.version === last);
    await one.server.kill();
    await rm(`${one.server.dir}/appendonlydir`, { recursive: true });
    await cp(copy, `${one.server.dir}/appendonlydir`, { recursive: true });
    await rm(copy, { recursive: true });
    await one.server.restart();
    await one.settled();
    await until('the node has written back what was lost', async () => (await other.version(1n))! >= last);
    expect(counts).toEqual({ committed: 1, repeated: 1, rejected: [] });
    const [config] = (await other.read(1n))!.configs;
    expect(decodeConfig(config!).rows).toEqual(flag('a', false).rows);
  });

  it('keeps the events when it is out of memory', async () => {
    const one = await own({});
    await one.addChange(1, change('a'));
    await one.add(['environment', '1'], ['json', 'nonsense']);
    await one.raw.config('SET', 'maxmemory', '1');
    const { consumer } = await one.consume();
    await until('it says so', () => consumer.status().error?.includes('OOM'));
    expect(await one.raw.xlen(INBOX)).toBe(2);
    await one.raw.config('SET', 'maxmemory', '0');
    await one.settled();
    expect(await one.committed()).toEqual(['a']);
    expect(await one.raw.xlen(REJECTED)).toBe(1);
  });

  it.each([INBOX, REJECTED])('waits while %s is something else, and harms nothing', async (name) => {
    const { consumer } = await stack.consume();
    await stack.raw.del(name);
    await stack.raw.set(name, 'not a stream');
    await until('it says so', () => consumer.status().error?.includes('should be a stream'));
    const store = await stack.open();
    await commitConfigs(store, 1n, change('by another way'));
    expect(await stack.raw.get(name)).toBe('not a stream');
    await stack.raw.del(name);
    await stack.addChange(1, change('a'));
    await stack.settled();
    expect(await stack.committed()).toEqual(['by another way', 'a']);
  });
});

describe('the inbox', () => {
  it.each<[string, () => Promise<InboxStack>]>([
    ['in a Cluster', async () => startInbox((server) => server.url, await startCluster())],
    [
      'behind a Sentinel, waiting for a replica',
      async () => {
        const setup = await startSentinel();
        const one = await startInbox(() => `${setup.url}?wait=1`, setup.master);
        const stop = async (): Promise<void> => {
          await one.stop();
          await setup.stop();
        };
        return { ...one, stop };
      },
    ],
  ])('the inbox works %s', async (_, start) => {
    const one = await start();
    stacks.push(one);
    await one.clear();
    await one.addChange(1, change('a'));
    await one.addChange(3, change('b'));
    await one.addChange(2, change('c'));
    await one.consume();
    await one.settled();
    const store = await one.open();
    const [event] = (await store.inbox!.rejected(10)).events;
    expect(event).toMatchObject({ code: 'environment_unknown' });
    await createEnvironment(store, 3n);
    expect(await store.inbox!.retry(event!.id)).toMatchObject({ kind: 'retried' });
    await one.settled();
    expect(await one.committed()).toEqual(['a', 'c', 'b']);
  });
});
