import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../src/observe/log.js';
import type { Replica } from '../../src/replica/replica.js';
import type { Key } from '../../src/store/store.js';
import { clientPosition } from '../../src/ruleset/client-position.js';
import { BoundaryAlarms } from '../../src/subscribe/boundary-alarms.js';
import { DirectHolds, type DirectEndReason } from '../../src/subscribe/direct.js';
import type { Sink } from '../../src/subscribe/sink.js';
import { RecoveryLink } from '../../src/subscribe/link.js';
import type { Subscriber } from '../../src/subscribe/admission.js';
import { DeltaContents } from '../../src/subscribe/deltas.js';
import { RefetchContents } from '../../src/subscribe/stream.js';
import { Subscriptions } from '../../src/subscribe/subscriptions.js';
import type { Config } from '../../src/ruleset/model.js';
import type { Stream } from '../../src/grip/channels.js';
import { flag, sized } from '../ruleset/arbitrary.js';
import { scheduled } from '../support/configs.js';
import { commitConfigs, createEnvironment, keyNamed } from '../support/commits.js';
import { openSlowStore, storeAway, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';
import { startReplica } from './rulesets.js';

const SUBSCRIBER: Subscriber = { keyId: 'k', stream: 'configs', address: '10.0.0.1' };

const ENV = 7n;
const KEEP_ALIVE_SECONDS = 20;
const MAX_AGE_SECONDS = 3_600;
const SPREAD_MS = 2_000;
const CONFIGS = { kind: 'configs', environment: ENV } as const;

let slow: SlowStore;
let replica: Replica;
let holds: DirectHolds;
let key: Key;
let now: number;
/** Milliseconds since 1970; `undefined`: as the fake timers say. */
let wall: number | undefined;
const wallClock = () => wall ?? Date.now();
let random: number;
let ends: DirectEndReason[];
let logs: string[];

beforeEach(async () => {
  slow = await openSlowStore();
  await createEnvironment(slow.direct, ENV);
  key = keyNamed('k1', ENV);
  await slow.direct.addKey(key);
  replica = await startReplica(slow.store);
  await replica.ruleset(ENV);
  now = 0;
  wall = 0;
  random = 0;
  ends = [];
  logs = [];
  holds = directHolds();
});

afterEach(async () => {
  vi.useRealTimers();
  await holds.drain(0);
  await replica.stop();
  await slow.close();
});

function directHolds(maxHolds = 1_000): DirectHolds {
  const contents = { configs: new DeltaContents(), clients: new RefetchContents(SPREAD_MS, wallClock) };
  const log = createLog('debug', { write: (line) => void logs.push(line) });
  const subscriptions = new Subscriptions({
    replica,
    contents,
    link: new RecoveryLink(['secret']),
    times: { keepAlive: KEEP_ALIVE_SECONDS, staleness: 60 },
    log,
  });
  return new DirectHolds({
    replica,
    subscriptions,
    contents,
    log,
    keepAlive: KEEP_ALIVE_SECONDS,
    maxAge: MAX_AGE_SECONDS,
    maxHolds,
    alarms: new BoundaryAlarms(replica, wallClock),
    onEnd: (why) => ends.push(why),
    now: () => now,
    random: () => random,
  });
}

/** A connection that takes what the test lets it take. */
class Connection implements Sink {
  readonly written: string[] = [];
  state: 'open' | 'ended' | 'destroyed' = 'open';
  /** True while the client reads. One that does not has a full buffer after each write. */
  reads = true;
  #drained: () => void = () => undefined;
  #closed: () => void = () => undefined;

  write(text: string): boolean {
    if (this.state !== 'open') throw new Error('written after the end');
    this.written.push(text);
    return this.reads;
  }
  end(): void {
    this.state = 'ended';
    this.#closed();
  }
  destroy(): void {
    this.state = 'destroyed';
    this.#closed();
  }
  onDrain(listener: () => void): void {
    this.#drained = listener;
  }
  onClose(listener: () => void): void {
    this.#closed = listener;
  }

  /** The client has read everything, and reads on. */
  drain(): void {
    this.reads = true;
    this.#drained();
  }
  /** The client reads what is there, and stops again. */
  drainOnce(): void {
    this.reads = false;
    this.#drained();
  }
  leave(): void {
    this.state = 'destroyed';
    this.#closed();
  }

  /** The ids of all events. */
  get ids(): bigint[] {
    return [...this.written.join('').matchAll(/^id: (\d+)$/gm)].map(([, id]) => BigInt(id!));
  }
  get keepAlives(): number {
    return this.written.filter((text) => text === ': keep-alive\n').length;
  }
}

function open(
  version: bigint,
  connection = new Connection(),
  of = key,
  stream: Stream = CONFIGS,
): Connection {
  holds.admit(SUBSCRIBER).open(connection, of, stream, version);
  return connection;
}

/** Commits, and waits until the replica has it. */
async function commit(...configs: Config[]): Promise<bigint> {
  const { version } = await commitConfigs(slow.direct, ENV, ...configs);
  await until('the replica to have it', () => replica.loaded(ENV)?.version === version);
  return version;
}

/** The clock goes on by that many seconds, one at a time as in life. */
function pass(seconds: number): void {
  for (let i = 0; i < seconds; i++) {
    now += 1000;
    holds.tick();
  }
}

describe('a hold', () => {
  it('a hold begins with the start of a stream and what the client lacks', async () => {
    const version = await commit(flag('a'));
    const { written, ids } = open(0n);
    expect(written[0]).toBe('\n: holdfast\nretry: 1000\n');
    expect(ids).toEqual([version]);
  });

  it('a hold is sent nothing more when the client has everything', async () => {
    const version = await commit(flag('a'));
    expect(open(version).written).toHaveLength(1);
  });

  it('a hold is sent each change', async () => {
    const connection = open(0n);
    const versions = [await commit(flag('a')), await commit(flag('b')), await commit(flag('a', false))];
    expect(connection.ids).toEqual(versions);
  });

  it('a hold is not sent changes of other environments', async () => {
    await createEnvironment(slow.direct, 8n);
    await replica.ruleset(8n);
    const connection = open(0n);
    const { version } = await commitConfigs(slow.direct, 8n, flag('a'));
    await until('the other to change', () => replica.loaded(8n)?.version === version);
    expect(connection.ids).toEqual([]);
  });

  it('a hold is forgotten when the client leaves', async () => {
    const watch = replica.watch.bind(replica);
    let watching = 0;
    replica.watch = (environment, listener) => {
      const unwatch = watch(environment, listener);
      watching++;
      return () => {
        watching--;
        unwatch();
      };
    };
    const connection = open(0n);
    expect(watching).toBe(1);
    connection.leave();
    expect([holds.size, ends, watching]).toEqual([0, ['client'], 0]);
    await commit(flag('a'));
    expect(connection.ids).toEqual([]);
  });
});

describe('a client that does not read', () => {
  it('a client that does not read has at most one event in its buffer, however large the delta is', async () => {
    const version = await commit(...Array.from({ length: 8 }, (_, i) => sized(`k${i}`, 20_000)));
    const connection = new Connection();
    connection.reads = false;
    open(0n, connection);
    expect(connection.written).toHaveLength(1);
    for (let event = 1; connection.ids.at(-1) !== version; event++) {
      connection.drainOnce();
      expect(connection.ids).toHaveLength(event);
    }
    expect(connection.ids.length).toBeGreaterThan(3);
  });

  it('a client that does not read gets many changes as one delta when it reads again', async () => {
    const connection = open(0n);
    connection.reads = false;
    const first = await commit(flag('a'));
    for (const name of ['b', 'c', 'd']) await commit(flag(name));
    const last = await commit(flag('a', false));
    expect(connection.ids).toEqual([first]);
    connection.drain();
    expect(connection.ids).toEqual([first, last]);
  });

  it('a client that does not read gets no keep-alives into a full buffer', () => {
    const connection = open(0n);
    connection.reads = false;
    pass(KEEP_ALIVE_SECONDS);
    expect(connection.keepAlives).toBe(1);
    pass(2 * KEEP_ALIVE_SECONDS);
    expect(connection.keepAlives).toBe(1);
  });

  it('a client that does not read is cut after 30 seconds', async () => {
    const connection = open(0n);
    connection.reads = false;
    await commit(flag('a'));
    now = 29_999;
    holds.tick();
    expect(connection.state).toBe('open');
    now = 30_000;
    holds.tick();
    expect([connection.state, ends, holds.size]).toEqual(['destroyed', ['slow'], 0]);
  });

  it('a client that does not read is not cut when it has read something in the meantime', async () => {
    const connection = open(0n);
    connection.reads = false;
    await commit(flag('a'));
    now = 29_000;
    connection.drainOnce();
    await commit(flag('b'));
    now = 58_000;
    holds.tick();
    expect(connection.state).toBe('open');
  });

  it('a client that does not read is cut, not ended, whatever ends the hold: it would not take the end either', async () => {
    const connection = open(0n);
    connection.reads = false;
    await commit(flag('a'));
    await holds.drain(0);
    expect([connection.state, ends]).toEqual(['destroyed', ['shutdown']]);
  });
});

describe('the clock', () => {
  it.each([
    [0, 10],
    [0.999_999, 20],
  ])(
    'the clock keeps a hold alive, first after a time that differs per hold, then regularly (%d)',
    (given, first) => {
      random = given;
      const connection = open(0n);
      const times: number[] = [];
      for (let second = 1; second <= first + 2 * KEEP_ALIVE_SECONDS; second++) {
        pass(1);
        if (connection.keepAlives > times.length) times.push(second);
      }
      expect(times).toEqual([first, first + KEEP_ALIVE_SECONDS, first + 2 * KEEP_ALIVE_SECONDS]);
    },
  );

  it.each([
    [0, 0.8 * MAX_AGE_SECONDS],
    [0.5, 0.9 * MAX_AGE_SECONDS],
  ])('the clock ends a hold at an age that differs per hold (%d)', (given, age) => {
    random = given;
    const connection = open(0n);
    now = age * 1000 - 1;
    holds.tick();
    expect(connection.state).toBe('open');
    now++;
    holds.tick();
    expect([connection.state, ends]).toEqual(['ended', ['age']]);
  });

  it('the clock runs by itself, every second', async () => {
    vi.useFakeTimers();
    holds = directHolds();
    const connection = open(0n);
    now = MAX_AGE_SECONDS * 1000;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(connection.state).toBe('ended');
  });
});

describe('a key that is revoked', () => {
  it('a key that is revoked ends its holds and no others', async () => {
    const other = keyNamed('k2', ENV);
    await slow.direct.addKey(other);
    const [mine, theirs] = [open(0n), open(0n, new Connection(), other)];
    await slow.direct.revokeKey('k1', 5);
    await until('the end', () => mine.state === 'ended');
    expect([theirs.state, ends, holds.size]).toEqual(['open', ['revoked'], 1]);
  });

  it('a key that is revoked ends a hold that began too late to be notified, with nothing sent', async () => {
    await commit(flag('a'));
    await slow.direct.revokeKey('k1', 5);
    await until('the revocation', () => replica.keyring.isRevoked('k1'));
    const connection = open(0n);
    expect([connection.state, connection.ids, holds.size]).toEqual(['ended', [], 0]);
  });
});

describe('a drain', () => {
  it('a drain ends the holds evenly over the time that it has', async () => {
    vi.useFakeTimers();
    const connections = Array.from({ length: 100 }, () => open(0n));
    const left = (): number => connections.filter(({ state }) => state === 'open').length;
    const drained = holds.drain(10);
    for (const [second, open] of [
      [2.5, 75],
      [5, 50],
      [7.5, 25],
    ] as const) {
      vi.setSystemTime(0);
      await vi.advanceTimersByTimeAsync(2_500);
      expect(Math.abs(left() - open), `after ${second} s`).toBeLessThanOrEqual(2);
    }
    await vi.advanceTimersByTimeAsync(2_500);
    await drained;
    expect([left(), ends.length, new Set(ends)]).toEqual([0, 100, new Set(['shutdown'])]);
  });

  it('a drain takes no time without holds, and none when it has none', async () => {
    await holds.drain(10);
    holds = directHolds();
    const connections = Array.from({ length: 50 }, () => open(0n));
    await holds.drain(0);
    expect(connections.every(({ state }) => state === 'ended')).toBe(true);
  });

  it('a drain goes on delivering to holds whose turn has not come', async () => {
    const connections = [open(0n), open(0n)];
    const drained = holds.drain(0.5);
    const version = await commit(flag('a'));
    expect(connections.map(({ ids }) => ids.at(-1))).toContain(version);
    await drained;
  });

  it('a drain opens no places, and ends a hold that was admitted before', async () => {
    const slot = holds.admit(SUBSCRIBER);
    await holds.drain(0);
    expect(() => holds.admit(SUBSCRIBER)).toThrow(/shutting down/);
    const connection = new Connection();
    slot.open(connection, key, CONFIGS, 0n);
    expect([connection.state, holds.size]).toEqual(['ended', 0]);
  });
});

describe('places', () => {
  it('places are given up to the limit, and again when one is free', () => {
    holds = directHolds(2);
    const first = open(0n);
    const slot = holds.admit(SUBSCRIBER);
    expect(() => holds.admit(SUBSCRIBER)).toThrow(/limit/);
    slot.release();
    slot.release();
    open(0n);
    expect(() => holds.admit(SUBSCRIBER)).toThrow(/limit/);
    first.leave();
    expect(() => holds.admit(SUBSCRIBER).release()).not.toThrow();
  });
});

describe('a client that is ahead of us', () => {
  /** The store and the replica are at an earlier version than the client. */
  it('a client that is ahead of us gets the whole ruleset when the store is behind too, event by event', async () => {
    const version = await commit(...Array.from({ length: 5 }, (_, i) => sized(`k${i}`, 20_000)));
    const connection = open(version + 10n);
    await until('the ruleset', () => connection.ids.at(-1) === version);
    expect(connection.ids.length).toBeGreaterThan(1);
    expect(Math.max(...connection.written.map(({ length }) => length))).toBeLessThan(65_000);
    const next = await commit(flag('next'));
    expect(connection.ids.at(-1)).toBe(next);
  });

  it('a client that is ahead of us of an environment without anything gets nothing, and the store is asked once', async () => {
    const connection = open(10n);
    await until('the decision', () => logs.some((line) => line.includes('it is sent everything')));
    await new Promise((resolve) => setImmediate(resolve));
    expect(connection.written).toHaveLength(1);
    expect(slow.calls.version).toBe(1);
    const version = await commit(flag('a'));
    expect(connection.ids).toEqual([version]);
  });

  it('a client that is ahead of us gets what the replica lacked, when only the replica was behind', async () => {
    slow.onFeed((signal) => (signal.kind === 'entries' ? [] : [signal]));
    const { version } = await commitConfigs(slow.direct, ENV, flag('a'));
    const { version: next } = await commitConfigs(slow.direct, ENV, flag('b'));
    const connection = open(version);
    await until('the rest', () => connection.ids.at(-1) === next);
    expect(connection.ids).toEqual([next]);
  });

  it('a client that is ahead of us is left where it stands while the store cannot be asked, and looked at again later', async () => {
    const version = await commit(flag('a'));
    slow.away(['version', 'read'], true);
    slow.onFeed(() => [{ kind: 'away', error: storeAway() }]);
    const connection = open(version + 10n);
    await until('the store to be asked', () => slow.calls.version === 1);
    expect(connection.ids).toEqual([]);
    slow.away(['version', 'read'], false);
    pass(KEEP_ALIVE_SECONDS);
    await until('the ruleset', () => connection.ids.at(-1) === version);
  });
});

describe('an event stream that is held directly', () => {
  const CLIENTS = { kind: 'clients', environment: ENV, shard: 0 } as const;
  const openClient = (version: bigint, boundary = 0) =>
    open(clientPosition(version, boundary), new Connection(), key, CLIENTS);
  const commit = async (...configs: Config[]) => (await commitConfigs(slow.direct, ENV, ...configs)).version;
  const following = async (version: bigint) =>
    until('the replica to follow', () => replica.loaded(ENV)?.version === version);

  it('an event stream that is held directly begins with one event for a client that is behind or ahead, and none for one that is current', async () => {
    await commit(flag('a'));
    const version = await commit(flag('b'));
    await following(version);
    expect(openClient(0n).ids).toEqual([version]);
    expect(openClient(version).ids).toEqual([]);
    const ahead = openClient(version + 5n);
    await until('the store was asked', () => ahead.ids.length > 0);
    expect(ahead.ids).toEqual([version]);
  });

  it('an event stream that is held directly is notified of changes that clients see, and of no others', async () => {
    const first = await commit(flag('a'));
    await following(first);
    const connection = openClient(first);
    await following(await commit(sized('server-only', 1)));
    const seen = await commit(flag('a', false));
    await until('the event', () => connection.ids.length > 0);
    expect(connection.ids).toEqual([seen]);
    expect(connection.written.at(-1)).toContain(`"etag":"${seen}"`);
  });

  it('an event stream that is held directly is notified at a time of its own within the spread, and of the last change only', async () => {
    const first = await commit(flag('a'));
    await following(first);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    random = 0.25;
    const early = openClient(first);
    random = 0.5;
    const changed = replica.committed.bind(replica);
    const late = openClient(first);
    const { environment, version: previous, clientVersion: clientPrevious, at, envelope } = step();
    for (const version of [previous + 1n, previous + 2n]) {
      const last = {
        previous: version - 1n,
        clientPrevious: version === previous + 1n ? clientPrevious : version - 1n,
      };
      changed({ environment, ...last, version, clientVersion: version, at, envelope, configs: [] });
    }
    // Both drew 0.5 of the spread when the first change came.
    vi.advanceTimersByTime(SPREAD_MS / 2 - 1);
    expect([early.ids, late.ids]).toEqual([[], []]);
    vi.advanceTimersByTime(1);
    expect([early.ids, late.ids]).toEqual([[previous + 2n], [previous + 2n]]);
  });

  describe('with a rule on the time', () => {
    const HOUR = 3_600_000;
    const NOON = Date.parse('2030-01-01T12:00:00Z');
    const ids = ({ written }: Connection) =>
      written.flatMap((text) => [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id));
    let version: bigint;

    const elapse = (milliseconds: number) => vi.advanceTimersByTime(milliseconds);
    const fakeTime = (now: number) =>
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now });

    beforeEach(async () => {
      version = await commit(scheduled('a', NOON));
      await following(version);
      wall = undefined;
      fakeTime(NOON - 2 * HOUR);
    });

    it('an event stream that is held directly with a rule on the time is notified within the spread after a boundary, once', () => {
      random = 0.5;
      const connection = openClient(version);
      elapse(2 * HOUR - 1);
      expect(ids(connection)).toEqual([]);
      elapse(1);
      elapse(SPREAD_MS / 2);
      expect(ids(connection)).toEqual([`${version}-${NOON}`]);
      expect(connection.written.at(-1)).toContain(
        `"etag":"${version}-${NOON}","lastModified":${NOON / 1000}`,
      );
      elapse(24 * HOUR);
      expect(ids(connection)).toHaveLength(1);
    });

    it('an event stream that is held directly with a rule on the time is notified at its beginning of a boundary that passed before, unless it knows', () => {
      fakeTime(NOON + 5);
      expect(ids(openClient(version))).toEqual([`${version}-${NOON}`]);
      expect(ids(openClient(version, NOON))).toEqual([]);
    });

    it('an event stream that is held directly with a rule on the time is not notified again by a node whose clock is a little behind', () => {
      fakeTime(NOON - 1_000);
      const connection = openClient(version, NOON);
      elapse(2 * HOUR);
      expect(ids(connection)).toEqual([]);
    });

    it('an event stream that is held directly with a rule on the time is notified when it claims a boundary that no clock has reached', async () => {
      const connection = openClient(version, NOON + HOUR);
      await vi.waitFor(() => expect(ids(connection)).toEqual([`${version}`]));
    });

    it('an event stream that is held directly with a rule on the time follows a change of the boundary, and has no timer left at its end', async () => {
      vi.useRealTimers();
      wall = NOON - 2 * HOUR;
      const connection = openClient(version);
      const next = await commit(scheduled('a', NOON - HOUR));
      await following(next);
      await until('the change', () => ids(connection).length === 1);
      fakeTime(NOON - 2 * HOUR);
      wall = undefined;
      connection.leave();
      const late = openClient(next);
      elapse(HOUR);
      expect([ids(connection), ids(late)]).toEqual([[`${next}`], [`${next}-${NOON - HOUR}`]]);
      late.leave();
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  it('an event stream that is held directly that ends while it waits for its turn is not written to', async () => {
    const first = await commit(flag('a'));
    await following(first);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    random = 0.5;
    const connection = openClient(first);
    const { environment, version: previous, clientVersion: clientPrevious, at, envelope } = step();
    const version = previous + 1n;
    replica.committed({
      environment,
      previous,
      clientPrevious,
      version,
      clientVersion: version,
      at,
      envelope,
      configs: [],
    });
    connection.leave();
    expect(vi.getTimerCount()).toBe(0);
  });

  /** The ruleset as the replica has it. */
  function step() {
    const { environment, version, clientVersion, committedAt: at, envelope } = replica.loaded(ENV)!;
    return { environment, version, clientVersion, at, envelope };
  }
});
