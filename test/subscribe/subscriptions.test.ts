import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/observe/log.js';
import type { Replica } from '../../src/replica/replica.js';
import type { Key } from '../../src/store/store.js';
import { clientPosition } from '../../src/ruleset/client-position.js';
import { RECOVERY_PREFIX, RecoveryLink } from '../../src/subscribe/link.js';
import { DeltaContents } from '../../src/subscribe/deltas.js';
import { RefetchContents, type StreamEvent } from '../../src/subscribe/stream.js';
import { Subscriptions, type HeldReply } from '../../src/subscribe/subscriptions.js';
import { flag, sized } from '../ruleset/arbitrary.js';
import { scheduled } from '../support/configs.js';
import { commitConfigs, createEnvironment, keyNamed } from '../support/commits.js';
import { openSlowStore, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';
import { startReplica } from './rulesets.js';

const ENV = 7n;
const CONFIGS = { kind: 'configs', environment: ENV } as const;
const START = '\n: holdfast\nretry: 1000\n';
let slow: SlowStore;
let replica: Replica;
let subscriptions: Subscriptions;
let logs: string[];
let ahead: number;
/** Milliseconds since 1970. */
let wall: number;
let key: Key;

beforeEach(async () => {
  slow = await openSlowStore();
  await createEnvironment(slow.direct, ENV);
  key = keyNamed('k1', ENV);
  await slow.direct.addKey(key);
  replica = await startReplica(slow.store);
  logs = [];
  ahead = 0;
  wall = 0;
  subscriptions = subscriptionsOf(replica);
});

function subscriptionsOf(from: Replica): Subscriptions {
  return new Subscriptions({
    replica: from,
    contents: { configs: new DeltaContents(), clients: new RefetchContents(0, () => wall) },
    link: new RecoveryLink(['secret']),
    times: { keepAlive: 20, staleness: 60 },
    log: createLog('debug', { write: (line) => void logs.push(line) }),
    onAhead: () => ahead++,
    random: () => 0,
  });
}

afterEach(async () => {
  await replica.stop();
  await slow.close();
});

const commit = async (name: string) => (await commitConfigs(slow.direct, ENV, flag(name))).version;
const gripLast = (version: bigint, keyId = 'k1', environment = ENV) => [
  `environment-${environment}; last-id=${version}`,
  `key-${keyId}; last-id=0`,
];
const ids = (body: string) => [...body.matchAll(/^id: (\d+)$/gm)].map(([, id]) => BigInt(id!));
const bodyOf = ({ start = '', events }: { start?: string; events: readonly StreamEvent[] }) =>
  start + events.map((event) => event.text()).join('');
const heldAt = ({ instructions }: HeldReply) =>
  instructions?.channels.find(({ name }) => name === 'environment-7')?.prevId;

describe('a subscription', () => {
  it('a subscription that is behind gets the start of a stream, the delta, and a hold at its end', async () => {
    await commit('a');
    const version = await commit('b');
    const reply = await subscriptions.hold(key, CONFIGS, 0n);
    expect(reply.decision).toBe('behind');
    expect(bodyOf(reply).startsWith(`${START}data: `)).toBe(true);
    expect(ids(bodyOf(reply))).toEqual([version]);
    expect(heldAt(reply)).toBe(`${version}`);
    expect(reply.instructions?.link.path).toContain(RECOVERY_PREFIX);
  });

  it('a subscription that is current gets the start of a stream, and a hold where it stands', async () => {
    const version = await commit('a');
    const reply = await subscriptions.hold(key, CONFIGS, version);
    expect([reply.decision, bodyOf(reply), heldAt(reply)]).toEqual(['current', START, `${version}`]);
  });

  it('a subscription sees what the store has, also when the feed has not brought it yet', async () => {
    await replica.ruleset(ENV);
    slow.onFeed((signal) => (signal.kind === 'entries' ? [] : [signal]));
    const version = await commit('a');
    expect(heldAt(await subscriptions.hold(key, CONFIGS, 0n))).toBe(`${version}`);
  });

  it('a subscription that is ahead of the store gets the whole ruleset, is held there and counted, and raises no alarm', async () => {
    await commit('a');
    const version = await commit('b');
    const reply = await subscriptions.hold(key, CONFIGS, version + 5n);
    expect([reply.decision, heldAt(reply), ahead]).toEqual(['ahead', `${version}`, 1]);
    expect(bodyOf(reply)).toBe(bodyOf(await subscriptions.hold(key, CONFIGS, 0n)));
    expect(logs.filter((line) => /"level":"?(error|warn)/.test(line))).toEqual([]);
  });

  it('a subscription that is ahead of us while the store is unavailable is held where it stands, and nothing is claimed', async () => {
    const version = await commit('a');
    await replica.ruleset(ENV);
    slow.away(['version', 'read'], true);
    const reply = await subscriptions.hold(key, CONFIGS, version + 5n);
    expect([reply.decision, bodyOf(reply)]).toEqual(['unverified', START]);
    expect([heldAt(reply), ahead]).toEqual([`${version + 5n}`, 0]);
  });

  it('a subscription is served what is in memory while the store is unavailable', async () => {
    const version = await commit('a');
    await replica.ruleset(ENV);
    slow.away(['version', 'read'], true);
    const reply = await subscriptions.hold(key, CONFIGS, 0n);
    expect([reply.decision, heldAt(reply)]).toEqual(['behind', `${version}`]);
  });

  it('a subscription to an environment that is not in the store is a fault of ours, to be tried again', async () => {
    const orphan = keyNamed('k2', 99n);
    await expect(subscriptions.hold(orphan, { ...CONFIGS, environment: 99n }, 0n)).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });

  it('a subscription whose key is revoked while we look is not held, and gets nothing', async () => {
    await commit('a');
    const gate = slow.hold('version', 'after');
    const holding = subscriptions.hold(key, CONFIGS, 0n);
    await gate.reached;
    await slow.direct.revokeKey('k1', 5);
    await until('the revocation', () => replica.keyring.isRevoked('k1'));
    gate.open();
    expect(await holding).toEqual({
      instructions: undefined,
      start: '',
      events: [],
      stream: 'configs',
      decision: 'refused',
    });
  });
});

describe('a recovery', () => {
  it('a recovery brings what the hold lacks, without a new start, and fresh instructions', async () => {
    const first = await commit('a');
    const version = await commit('b');
    const reply = await subscriptions.recover(gripLast(first));
    expect([reply.decision, ids(bodyOf(reply)), heldAt(reply)]).toEqual(['behind', [version], `${version}`]);
    expect(bodyOf(reply).startsWith('data: ')).toBe(true);
    expect(reply.instructions?.link.path).toContain(RECOVERY_PREFIX);
  });

  it('a recovery of a hold that has everything has an empty body, and fresh instructions', async () => {
    const version = await commit('a');
    const reply = await subscriptions.recover(gripLast(version));
    expect([reply.decision, bodyOf(reply), heldAt(reply)]).toEqual(['current', '', `${version}`]);
  });

  it('a recovery of a hold that is ahead brings the whole ruleset', async () => {
    const version = await commit('a');
    const reply = await subscriptions.recover(gripLast(version + 1n));
    expect([reply.decision, ids(bodyOf(reply)), heldAt(reply)]).toEqual(['ahead', [version], `${version}`]);
  });

  it('a recovery of a hold that is ahead while the store is unavailable leaves it where it stands', async () => {
    const version = await commit('a');
    await replica.ruleset(ENV);
    slow.away(['version', 'read'], true);
    const reply = await subscriptions.recover(gripLast(version + 1n));
    expect([reply.decision, bodyOf(reply), heldAt(reply)]).toEqual(['unverified', '', `${version + 1n}`]);
  });

  it.each<[string, () => Promise<string[]>]>([
    [
      'a revoked key',
      async () => {
        await slow.direct.revokeKey('k1', 5);
        await until('the revocation', () => replica.keyring.isRevoked('k1'));
        return gripLast(0n);
      },
    ],
    ['an unknown key', async () => gripLast(0n, 'nobody')],
    [
      'a client key, on a stream of rules',
      async () => {
        await slow.direct.addKey({ ...keyNamed('visitor', ENV), kind: 'client' });
        return gripLast(0n, 'visitor');
      },
    ],
    [
      'a key of another environment',
      async () => {
        await slow.direct.addKey(keyNamed('k2', 8n));
        return gripLast(0n, 'k2');
      },
    ],
  ])('a recovery of %s has no instructions and no data, which ends the stream', async (_, header) => {
    await commit('a');
    const reply = await subscriptions.recover(await header());
    expect(reply).toEqual({
      instructions: undefined,
      start: '',
      events: [],
      stream: 'configs',
      decision: 'refused',
    });
  });

  it('a recovery of a key that another node has just created is answered', async () => {
    const version = await commit('a');
    slow.onFeed(() => []);
    await slow.direct.addKey(keyNamed('new', ENV));
    expect((await subscriptions.recover(gripLast(version, 'new'))).decision).toBe('current');
  });

  it('a recovery of an unknown key while the store is unavailable is an error, which the proxy tries again', async () => {
    slow.away(['keys'], true);
    await expect(subscriptions.recover(gripLast(0n, 'new'))).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });

  it('a recovery from a store without any key is an error, which the proxy tries again: it lost its data', async () => {
    const lost = await openSlowStore();
    try {
      const reader = await startReplica(lost.store);
      await expect(subscriptionsOf(reader).recover(gripLast(1n))).rejects.toMatchObject({
        code: 'store_unavailable',
      });
      await reader.stop();
    } finally {
      await lost.close();
    }
  });

  it.each([undefined, 'environment-7; last-id=1', 'nonsense'])(
    'a recovery of %s is refused',
    async (header) => {
      await expect(subscriptions.recover(header)).rejects.toMatchObject({ code: 'link_invalid' });
    },
  );
});

describe('standing', () => {
  it('says what catchUp would', async () => {
    const version = await commit('a');
    for (const position of [0n, version, version + 1n]) {
      const { decision } = await subscriptions.catchUp(CONFIGS, position);
      expect(await subscriptions.standing(CONFIGS, position)).toBe(decision);
    }
  });
});

describe('an event stream', () => {
  const CLIENTS = { kind: 'clients', environment: ENV, shard: 3 } as const;
  const last = (version: bigint, keyId = 'k1') => [
    `clients-${ENV}-3; last-id=${version}`,
    `key-${keyId}; last-id=0`,
  ];
  const standsAt = ({ instructions }: HeldReply) => {
    const [stream, key] = instructions?.channels ?? [];
    expect(key).toEqual({ name: 'key-k1', prevId: '0' });
    return stream?.name === 'clients-7-3' ? stream.prevId : undefined;
  };

  it('an event stream begins with one event for a client that is behind, and holds it at our client version', async () => {
    const seen = await commit('a');
    await commitConfigs(slow.direct, ENV, sized('server-only', 1));
    const reply = await subscriptions.hold(key, CLIENTS, 0n);
    expect([reply.stream, reply.decision, ids(bodyOf(reply))]).toEqual(['clients', 'behind', [seen]]);
    expect(bodyOf(reply).startsWith(`${START}data: {"type":"refetchEvaluation","etag":"${seen}"`)).toBe(true);
    expect(standsAt(reply)).toBe(`${seen}`);
    expect(reply.instructions?.link.path).toContain(RECOVERY_PREFIX);
  });

  it('an event stream begins with nothing for one that is current, whatever changed that it does not see', async () => {
    const seen = await commit('a');
    await commitConfigs(slow.direct, ENV, sized('server-only', 1));
    const reply = await subscriptions.hold(key, CLIENTS, clientPosition(seen, 0));
    expect([reply.decision, bodyOf(reply), standsAt(reply)]).toEqual(['current', START, `${seen}`]);
  });

  it('an event stream notifies a client that is ahead, and raises no alarm', async () => {
    const seen = await commit('a');
    const reply = await subscriptions.hold(key, CLIENTS, clientPosition(seen + 5n, 0));
    expect([reply.decision, ids(bodyOf(reply)), standsAt(reply)]).toEqual(['ahead', [seen], `${seen}`]);
    expect(ahead).toBe(1);
    expect(logs.filter((line) => /"level":"?(error|warn)/.test(line))).toEqual([]);
  });

  it('an event stream is notified of a time boundary over the link, and stands at it from then on', async () => {
    wall = 999;
    const { version } = await commitConfigs(slow.direct, ENV, scheduled('a', 1_000));
    const held = await subscriptions.hold(key, CLIENTS, clientPosition(version, 0));
    expect([held.decision, standsAt(held)]).toEqual(['current', `${version}`]);
    wall = 1_000;
    const behind = await subscriptions.recover(last(version));
    expect([behind.decision, standsAt(behind)]).toEqual(['behind', `${version}-1000`]);
    expect(bodyOf(behind)).toContain(`"etag":"${version}-1000"`);
    const [lastId, keyId] = last(version);
    const current = await subscriptions.recover([`${lastId}-1000`, keyId!]);
    expect([current.decision, bodyOf(current), standsAt(current)]).toEqual([
      'current',
      '',
      `${version}-1000`,
    ]);
  });

  it('an event stream recovers over the same link, on the shard that it has', async () => {
    const first = await commit('a');
    const second = await commit('b');
    const behind = await subscriptions.recover(last(first));
    expect([behind.stream, behind.decision, ids(bodyOf(behind))]).toEqual(['clients', 'behind', [second]]);
    expect(bodyOf(behind).startsWith('data: ')).toBe(true);
    expect(standsAt(behind)).toBe(`${second}`);
    const current = await subscriptions.recover(last(second));
    expect([current.decision, bodyOf(current), standsAt(current)]).toEqual(['current', '', `${second}`]);
  });

  it('an event stream ends at its next check when its key is revoked', async () => {
    const version = await commit('a');
    await slow.direct.revokeKey('k1', 5);
    await until('the revocation', () => replica.keyring.isRevoked('k1'));
    const refused = {
      instructions: undefined,
      start: '',
      events: [],
      stream: 'clients',
      decision: 'refused',
    };
    expect(await subscriptions.recover(last(version))).toEqual(refused);
  });
});
