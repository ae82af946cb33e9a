import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseGripUrl } from '../../src/grip/proxies.js';
import { systemClock } from '../../src/core/clock.js';
import { createLog } from '../../src/observe/log.js';
import type { OutboxLimits } from '../../src/publish/outbox/outbox.js';
import type { ResolveHost } from '../../src/publish/discovery.js';
import { leadWhenElected } from '../../src/leader/election.js';
import { LeaseMonitor } from '../../src/leader/lease-monitor.js';
import { Publisher } from '../../src/publish/publisher.js';
import { splitConfigs } from '../../src/ruleset/codec.js';
import type { FeedSignal } from '../../src/store/store.js';
import { flag, sized } from '../ruleset/arbitrary.js';
import { scheduled } from '../support/configs.js';
import { commitConfigs, createEnvironment, keyNamed } from '../support/commits.js';
import {
  accept,
  itemText,
  startPublishEndpoint,
  type PublishedItem,
  type PublishEndpoint,
} from '../support/publish-endpoint.js';
import { openSlowStore, storeAway, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';

const ENV = 7n;
const DISCOVER_MS = 15_000;

let slow: SlowStore;
let endpoints: PublishEndpoint[];
let nodes: Node[];
let logs: string[];

beforeEach(async () => {
  slow = await openSlowStore();
  await createEnvironment(slow.direct, ENV);
  endpoints = [];
  nodes = [];
  logs = [];
});

afterEach(async () => {
  for (const node of nodes) await node.stop();
  for (const endpoint of endpoints) await endpoint.cut();
  await slow.close();
});

async function endpoint(): Promise<PublishEndpoint> {
  const started = await startPublishEndpoint();
  endpoints.push(started);
  return started;
}

interface Node {
  readonly publisher: Publisher;
  /** Looks for proxies now. */
  discover(): void;
  stop(): Promise<void>;
}

interface NodeOptions {
  readonly limits?: OutboxLimits;
  readonly resolve?: ResolveHost;
  /** In the place of the endpoints' own. */
  readonly urls?: readonly string[];
  readonly accepted?: () => void;
  readonly refetchSpread?: number;
}

/**
 * A node that publishes when it leads. Backoffs are short; host names are resolved when the test
 * says so.
 */
function start(holder: string, options: NodeOptions = {}): Node {
  const controller = new AbortController();
  let discover = (): void => undefined;
  const sleep = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
    if (milliseconds !== DISCOVER_MS) {
      await delay(Math.min(milliseconds, 30), undefined, { signal }).catch(() => undefined);
      return;
    }
    await new Promise<void>((resolve) => {
      discover = resolve;
      signal.addEventListener('abort', () => resolve());
    });
  };
  const log = createLog('debug', { write: (line) => void logs.push(line) });
  const nothing = (): void => undefined;
  const publisher = new Publisher({
    store: slow.store,
    proxies: (options.urls ?? endpoints.map(({ url }) => url)).map((url) =>
      parseGripUrl(`${url}/?iss=pushpin&key=changeme`),
    ),
    holder,
    log,
    observe: () => ({
      accepted: options.accepted ?? nothing,
      failed: nothing,
      resynced: nothing,
      refetched: nothing,
      traced: nothing,
      lag: nothing,
    }),
    clock: { ...systemClock, sleep },
    refetchSpread: 0,
    ...options,
  });
  const now = (): number => performance.now();
  const ended = leadWhenElected(
    {
      leadership: slow.store.leadership,
      holder,
      log,
      sleep,
      now,
      monitor: new LeaseMonitor({ log, now, work: 'publishes' }),
    },
    (signal) => publisher.lead(signal),
    controller.signal,
  );
  const node: Node = {
    publisher,
    discover: () => discover(),
    stop: async () => {
      controller.abort();
      await ended;
    },
  };
  nodes.push(node);
  return node;
}

const leads = (node: Node) =>
  until(
    'the node to lead',
    () => node.publisher.status().leader && node.publisher.status().proxies.length > 0,
  );

/** Counts changes, so that none has the content of the one before. */
let changes = 0;
/** Commits something that clients do not see, so that no notification is among the items. */
const commit = (key: string) => commitConfigs(slow.direct, ENV, sized(key, 1 + (changes++ % 50)));
/** Commits something that clients see. */
const commitSeen = (key: string) => commitConfigs(slow.direct, ENV, flag(key, changes++ % 2 === 0));

/**
 * The version that a hold has which stood at `from` and took each item, or followed the link at a
 * resync.
 */
function followed(items: readonly PublishedItem[], from: bigint, environment = ENV): bigint {
  let at = from;
  for (const item of items) {
    if (item.channel !== `environment-${environment}` || item.id === undefined) continue;
    const previous = item['prev-id'];
    if (previous !== undefined && BigInt(previous) !== at) throw new Error(`${itemText(item)} after ${at}`);
    at = BigInt(item.id);
  }
  return at;
}

const has = (proxy: PublishEndpoint, version: bigint) =>
  until(`the proxy to have ${version}`, () => proxy.accepted.some(({ id }) => id === `${version}`), {
    context: () => proxy.accepted.map(itemText).join('\n'),
  });

const resyncs = (proxy: PublishEndpoint) =>
  proxy.accepted.filter((item) => item.id !== undefined && item['prev-id'] === undefined).map(itemText);

const cursorsAt = (position: string) =>
  until('the cursors', async () => {
    const byName = await slow.direct.leadership.cursors();
    // A time, not a position of the feed.
    byName.delete('boundaries');
    const cursors = [...byName.values()];
    // One more says up to where all clients are notified.
    return cursors.length === endpoints.length + 1 && cursors.every((cursor) => cursor === position);
  });

describe('a leader', () => {
  it('a leader publishes each change to every proxy, each item on top of the one before', async () => {
    const [a, b] = [await endpoint(), await endpoint()];
    await leads(start('one'));
    let version = 0n;
    for (let i = 0; i < 20; i++) ({ version } = await commit(`key-${i % 4}`));
    await has(a, version);
    await has(b, version);
    expect(followed(a.accepted, 0n)).toBe(version);
    expect(followed(b.accepted, 0n)).toBe(version);
  });

  it('a leader sends what the change says, as an event', async () => {
    const proxy = await endpoint();
    await leads(start('one'));
    const { version } = await commit('a');
    await has(proxy, version);
    const content = proxy.accepted[0]!.formats['http-stream'].content!;
    const [, data, id] = /^data: (.*)\nid: (\d+)\n\n$/.exec(content)!;
    expect(id).toBe(`${version}`);
    expect(splitConfigs(Buffer.from(data!, 'base64')).map(({ key }) => key)).toEqual(['a']);
  });

  it('a leader cuts a large change into a chain', async () => {
    const proxy = await endpoint();
    await leads(start('one'));
    const configs = Array.from({ length: 8 }, (_, i) => sized(`k${i}`, 20_000));
    const { version } = await commitConfigs(slow.direct, ENV, ...configs);
    await has(proxy, version);
    expect(proxy.accepted.length).toBeGreaterThan(3);
    expect(followed(proxy.accepted, 0n)).toBe(version);
  });

  it('a leader closes the streams of a revoked key, and sends nothing for a new one', async () => {
    const proxy = await endpoint();
    await leads(start('one'));
    await slow.direct.addKey(keyNamed('k1', ENV));
    await slow.direct.revokeKey('k1', Date.now());
    await until('the close', () => proxy.accepted.length > 0);
    expect(proxy.accepted.map(itemText)).toEqual(['key-k1 close']);
  });

  it('a leader makes every environment recover at a new proxy', async () => {
    await createEnvironment(slow.direct, 8n);
    const { version } = await commit('a');
    const other = await commitConfigs(slow.direct, 8n, sized('b', 1));
    await createEnvironment(slow.direct, 9n); // it has no version yet
    const proxy = await endpoint();
    await leads(start('one'));
    await until('both', () => proxy.accepted.length === 2);
    expect(resyncs(proxy)).toEqual([`7: →${version}`, `8: →${other.version}`]);
    const next = await commit('c');
    await has(proxy, next.version);
    expect(followed(proxy.accepted, 0n)).toBe(next.version);
  });

  it('a leader is shown with its proxies, and not any more when it is stopped', async () => {
    const proxy = await endpoint();
    const node = start('one');
    await leads(node);
    expect(node.publisher.status()).toEqual({
      leader: true,
      proxies: [{ proxy: proxy.url, state: 'ok', waiting: 0, missed: 0 }],
    });
    await node.stop();
    expect(node.publisher.status()).toEqual({ leader: false, proxies: [] });
  });
});

describe('a proxy that is down', () => {
  it('a proxy that is down gets everything when it is back, and delays no other in the meantime', async () => {
    const [a, b] = [await endpoint(), await endpoint()];
    const node = start('one');
    await leads(node);
    await a.cut();
    let version = 0n;
    for (let i = 0; i < 10; i++) ({ version } = await commit(`key-${i}`));
    await has(b, version);
    await until('the state to be shown', () => node.publisher.status().proxies[0]?.state === 'failing');
    expect(node.publisher.status().proxies[0]).toMatchObject({ proxy: a.url, waiting: 10 });
    await a.open();
    await has(a, version);
    expect(followed(a.accepted, 0n)).toBe(version);
    expect(resyncs(a)).toEqual([]);
  });

  it('a proxy that is down and does not answer delays no other either', async () => {
    const [a, b] = [await endpoint(), await endpoint()];
    await leads(start('one'));
    const waiting: (() => void)[] = [];
    a.answer((response) => void waiting.push(() => accept(response)));
    const first = await commit('a');
    await has(b, first.version);
    await until('the request to hang', () => waiting.length === 1);
    const second = await commit('b');
    await has(b, second.version);
    a.answer(accept);
    waiting[0]!();
    await has(a, second.version);
    expect(followed(a.accepted, 0n)).toBe(second.version);
  });

  it('a proxy that is down for longer than the backlog reaches gets a resync, and then what follows', async () => {
    const [a, b] = [await endpoint(), await endpoint()];
    await leads(start('one', { limits: { entries: 3, bytes: 1e6 } }));
    await a.cut();
    const versions: bigint[] = [];
    for (let i = 0; i < 10; i++) {
      versions.push((await commit(`key-${i}`)).version);
      await has(b, versions.at(-1)!);
    }
    await a.open();
    await has(a, versions[9]!);
    expect(resyncs(a)).toEqual([`7: →${versions[6]!}`]);
    expect(followed(a.accepted, 0n)).toBe(versions[9]);
    expect(resyncs(b)).toEqual([]);
  });

  it('a proxy that is down and asks for small bodies gets a resync of what is too large for it', async () => {
    const proxy = await endpoint();
    proxy.answer((response, { body }) => {
      if (body.length > 10_000) response.statusCode = 413;
      response.end();
    });
    await leads(start('one'));
    const first = await commit('a');
    const large = await commitConfigs(slow.direct, ENV, sized('large', 20_000));
    const last = await commit('b');
    await has(proxy, last.version);
    expect(resyncs(proxy)).toEqual([`7: →${large.version}`]);
    expect(followed(proxy.accepted, 0n)).toBe(last.version);
    expect(proxy.accepted.some(({ id }) => id === `${first.version}`)).toBe(true);
  });
});

describe('a new leader', () => {
  it('a new leader goes on where the old one stopped, without loss or repetition', async () => {
    const [a, b] = [await endpoint(), await endpoint()];
    const old = start('old');
    await leads(old);
    await commit('a');
    const { version } = await commit('b');
    await has(a, version);
    await has(b, version);
    await old.stop();
    await commit('c');
    const next = await commit('d');
    await leads(start('new'));
    await has(a, next.version);
    await has(b, next.version);
    for (const proxy of [a, b]) {
      expect(followed(proxy.accepted, 0n)).toBe(next.version);
      expect(proxy.accepted).toHaveLength(4);
      expect(resyncs(proxy)).toEqual([]);
    }
  });

  it('a new leader brings a proxy that was further behind than another to the same place', async () => {
    const [a, b] = [await endpoint(), await endpoint()];
    const old = start('old');
    await leads(old);
    const first = await commit('a');
    await has(a, first.version);
    await has(b, first.version);
    await cursorsAt(await slow.direct.head());
    await a.cut();
    const second = await commit('b');
    await has(b, second.version);
    await old.stop();
    await a.open();
    await leads(start('new'));
    await has(a, second.version);
    expect(a.accepted.map(itemText)).toEqual(b.accepted.map(itemText));
    expect(resyncs(a)).toEqual([]);
  });

  it('a new leader resyncs a proxy for which the backlog is too small, and no other', async () => {
    const [a, b] = [await endpoint(), await endpoint()];
    const old = start('old');
    await leads(old);
    const first = await commit('a');
    await has(a, first.version);
    await has(b, first.version);
    await cursorsAt(await slow.direct.head());
    await a.cut();
    let version = 0n;
    for (let i = 0; i < 5; i++) ({ version } = await commit(`key-${i}`));
    await has(b, version);
    await old.stop();
    await a.open();
    const last = await commit('last');
    await leads(start('new', { limits: { entries: 2, bytes: 1e6 } }));
    await has(a, last.version);
    await has(b, last.version);
    expect(resyncs(a)).toEqual([`7: →${last.version}`]);
    expect(resyncs(b)).toEqual([]);
    expect(followed(b.accepted, 0n)).toBe(last.version);
  });

  it('a new leader resyncs what the backlog could not keep of the history for its bytes', async () => {
    const proxy = await endpoint();
    const old = start('old');
    await leads(old);
    const first = await commit('a');
    await has(proxy, first.version);
    await cursorsAt(await slow.direct.head());
    await old.stop();
    for (let i = 0; i < 4; i++) await commitConfigs(slow.direct, ENV, sized(`k${i}`, 3_000));
    const { version } = await commit('last');
    // Encoded configs fit; as items, in base64, they do not.
    await leads(start('new', { limits: { entries: 100, bytes: 13_500 } }));
    await has(proxy, version);
    expect(followed(proxy.accepted, 0n)).toBe(version);
    expect(resyncs(proxy)).toEqual([`7: →${version}`]);
  });

  it('a new leader begins immediately when the newest thing in the store is no entry of the feed', async () => {
    const proxy = await endpoint();
    const old = start('old');
    await leads(old);
    const first = await commit('a');
    await has(proxy, first.version);
    await old.stop();
    await createEnvironment(slow.direct, 8n);
    const started = performance.now();
    await leads(start('new'));
    expect(performance.now() - started).toBeLessThan(3_000);
    const next = await commit('b');
    await has(proxy, next.version);
    expect(resyncs(proxy)).toEqual([]);
  });

  it('a new leader sends once what is committed while it reads the history', async () => {
    const proxy = await endpoint();
    const old = start('old');
    await leads(old);
    const first = await commit('a');
    await has(proxy, first.version);
    await old.stop();
    await createEnvironment(slow.direct, 8n);
    const gate = slow.hold('head', 'after');
    const node = start('new');
    await gate.reached;
    const second = await commit('b');
    gate.open();
    await leads(node);
    const third = await commit('c');
    await has(proxy, third.version);
    const ids = [first, second, third].map(({ version }) => `${version}`);
    expect(proxy.accepted.map(({ id }) => id)).toEqual(ids);
  });

  it('a new leader gives up the lead when a place to begin cannot be found, and finds it later', async () => {
    const proxy = await endpoint();
    await commit('a');
    slow.away(['environments'], true);
    const node = start('one');
    await until('a failure', () => logs.some((line) => line.includes('failed')));
    expect(node.publisher.status().leader).toBe(false);
    slow.away(['environments'], false);
    await leads(node);
    await until('the resync', () => proxy.accepted.length === 1);
  });

  it('a new leader that is stopped while it begins publishes nothing', async () => {
    const proxy = await endpoint();
    await commit('a');
    const gate = slow.hold('head', 'after');
    const node = start('one');
    await gate.reached;
    const stopped = node.stop();
    gate.open();
    await stopped;
    expect(proxy.requests).toEqual([]);
  });
});

describe('a gap in the feed', () => {
  it('a gap in the feed makes every environment recover, with nothing older after it', async () => {
    const proxy = await endpoint();
    await leads(start('one'));
    let lose = true;
    slow.onFeed(async (signal: FeedSignal) => {
      if (signal.kind !== 'entries' || !lose) return [signal];
      lose = false;
      return [{ kind: 'gap', position: await slow.direct.head() }];
    });
    const lost = await commit('lost');
    await has(proxy, lost.version);
    expect(resyncs(proxy)).toEqual([`7: →${lost.version}`]);
    const next = await commit('next');
    await has(proxy, next.version);
    expect(followed(proxy.accepted, 0n)).toBe(next.version);
  });

  it('a gap in the feed loses nothing when the store is unavailable at that moment', async () => {
    const proxy = await endpoint();
    const node = start('one');
    await leads(node);
    slow.away(['environments'], true);
    slow.onFeed(async (signal: FeedSignal) => {
      if (signal.kind !== 'entries') return [signal];
      slow.onFeed((next) => [next]);
      return [{ kind: 'gap', position: await slow.direct.head() }];
    });
    const lost = await commit('lost');
    await until('a failure', () => logs.some((line) => line.includes(storeAway().message)));
    slow.away(['environments'], false);
    await has(proxy, lost.version);
    expect(followed(proxy.accepted, 0n)).toBe(lost.version);
  });
});

describe('proxies that come and go', () => {
  /** One host name; what it stands for changes. */
  async function behindName() {
    const proxy = await endpoint();
    let answer: (() => Promise<{ address: string; family: number }[]>) | undefined;
    const addresses = (...found: string[]): void => {
      answer = async () => found.map((address) => ({ address, family: 4 }));
    };
    const failing = (): void => {
      answer = async () => {
        throw new Error('ENOTFOUND');
      };
    };
    const resolve: ResolveHost = () => answer!();
    const node = (): Node => start('one', { urls: [`http://proxies.test:${proxy.port}`], resolve });
    return { proxy, addresses, failing, node };
  }

  const names = (node: Node) =>
    node.publisher.status().proxies.map(({ proxy }) => proxy.replace(/^.* at /, ''));

  it('proxies that come and go are met when the name has new addresses, and left when it has lost them', async () => {
    const { addresses, node: begin } = await behindName();
    addresses('127.0.0.1', '127.0.0.2');
    const node = begin();
    await leads(node);
    expect(names(node)).toEqual(['127.0.0.1', '127.0.0.2']);
    addresses('127.0.0.3', '127.0.0.2');
    node.discover();
    await until('the new ones', () => names(node).join() === '127.0.0.2,127.0.0.3');
  });

  it('proxies that come and go are kept while the name cannot be resolved', async () => {
    const { proxy, addresses, failing, node: begin } = await behindName();
    addresses('127.0.0.1', '127.0.0.2');
    const node = begin();
    await leads(node);
    failing();
    node.discover();
    await until('the failure to be logged', () => logs.some((line) => line.includes('ENOTFOUND')));
    expect(names(node)).toEqual(['127.0.0.1', '127.0.0.2']);
    const { version } = await commit('a');
    await has(proxy, version);
  });

  it('proxies that come and go that went and come again are new proxies', async () => {
    const { proxy, addresses, node: begin } = await behindName();
    addresses('127.0.0.1');
    const old = begin();
    await leads(old);
    const first = await commit('a');
    await has(proxy, first.version);
    await old.stop();
    const node = begin();
    await leads(node);
    const second = await commit('b');
    await has(proxy, second.version);
    expect(proxy.connected()).toBe(1);
    addresses('127.0.0.9');
    node.discover();
    await until('it to be gone', () => names(node).join() === '127.0.0.9');
    // At once, and not when it has been idle for some seconds.
    await until('its connection to be closed', () => proxy.connected() === 0, { timeout: 2_000 });
    const { version } = await commit('c');
    addresses('127.0.0.1');
    node.discover();
    await has(proxy, version);
    const changes = [`7: 0→${first.version}`, `7: ${first.version}→${second.version}`];
    expect(proxy.accepted.map(itemText)).toEqual([...changes, `7: →${version}`]);
  });

  it('proxies that come and go that appear while we lead have every environment resynced, and then what follows', async () => {
    const { proxy, addresses, node: begin } = await behindName();
    addresses('127.0.0.9'); // no server listens there
    const node = begin();
    await leads(node);
    await commit('a');
    const { version } = await commit('b');
    addresses('127.0.0.1');
    node.discover();
    await has(proxy, version);
    expect(proxy.accepted.map(itemText)).toEqual([`7: →${version}`]);
    const next = await commit('c');
    await has(proxy, next.version);
    expect(followed(proxy.accepted, 0n)).toBe(next.version);
  });
});

describe('a fault in a worker', () => {
  it('a fault in a worker ends the stint instead of leaving a proxy without a worker', async () => {
    const proxy = await endpoint();
    let faults = 1;
    const node = start('one', {
      accepted: () => {
        if (faults-- > 0) throw new Error('a metric broke');
      },
    });
    await leads(node);
    const first = await commit('a');
    await until('the fault', () => logs.some((line) => line.includes('a metric broke')));
    const { version } = await commit('b');
    await has(proxy, version);
    expect(proxy.accepted.filter(({ id }) => id === `${first.version}`).length).toBeGreaterThanOrEqual(1);
  });
});

describe('the clients of event streams', () => {
  const SHARDS = Array.from({ length: 8 }, (_, shard) => shard);
  const toClients = (proxy: PublishEndpoint) =>
    proxy.accepted.filter(({ channel }) => channel.startsWith('clients-'));
  const told = (proxy: PublishEndpoint, version: bigint) =>
    until(
      `all to be told of ${version}`,
      () => toClients(proxy).filter(({ id }) => id === `${version}`).length === 8,
      {
        context: () => proxy.accepted.map(itemText).join('\n'),
      },
    );
  /** For each shard what it was told, as short texts. */
  const courses = (proxy: PublishEndpoint) =>
    SHARDS.map((shard) =>
      toClients(proxy)
        .filter(({ channel }) => channel === `clients-${ENV}-${shard}`)
        .map((item) => `${item['prev-id'] ?? ''}→${item.id}`),
    );

  it('the clients of event streams are notified of a change that they see, on every shard, and of no other', async () => {
    const proxy = await endpoint();
    await leads(start('one'));
    const unseen = await commit('server-only');
    await has(proxy, unseen.version);
    expect(toClients(proxy)).toEqual([]);
    const seen = await commitSeen('a');
    await told(proxy, seen.version);
    expect(courses(proxy)).toEqual(SHARDS.map(() => [`0→${seen.version}`]));
    const { content } = toClients(proxy)[0]!.formats['http-stream'];
    const lastModified = Number(seen.at / 1_000_000n);
    const data = JSON.stringify({ type: 'refetchEvaluation', etag: `${seen.version}`, lastModified });
    expect(content).toBe(`data: ${data}\nid: ${seen.version}\n\n`);
  });

  it('the clients of event streams are notified over the spread: the first immediately, each at most once, and all of the last change', async () => {
    const proxy = await endpoint();
    await leads(start('one', { refetchSpread: 800 }));
    const versions: bigint[] = [];
    for (let i = 0; i < 10; i++) versions.push((await commitSeen('a')).version);
    await has(proxy, versions.at(-1)!);
    expect(toClients(proxy).length).toBeLessThan(8);
    await told(proxy, versions.at(-1)!);
    for (const course of courses(proxy)) {
      // Those that were told before the last change once more, a spread later.
      expect(course.length).toBeLessThanOrEqual(2);
      expect(course[0]).toMatch(/^0→/);
      expect(course.at(-1)).toMatch(new RegExp(`→${versions.at(-1)}$`));
      if (course[1] !== undefined) expect(course[1].split('→')[0]).toBe(course[0]!.split('→')[1]);
    }
  });

  it('the clients of event streams that the old leader had no time to notify are notified by the new one, and each once', async () => {
    const proxy = await endpoint();
    const old = start('old', { refetchSpread: 60_000 });
    await leads(old);
    const { version } = await commitSeen('a');
    await has(proxy, version);
    await until('the first', () => toClients(proxy).length === 1);
    await old.stop();
    await leads(start('new'));
    await told(proxy, version).catch(() => undefined);
    // The shard that was told already is told again, which the proxy takes for the repeat that it
    // is.
    expect(courses(proxy).map((course) => [...new Set(course)])).toEqual(SHARDS.map(() => [`0→${version}`]));
    expect(toClients(proxy)).toHaveLength(9);
  });

  it('the clients of event streams are not notified again by a new leader when nothing was left', async () => {
    const proxy = await endpoint();
    const old = start('old');
    await leads(old);
    const { version } = await commitSeen('a');
    await told(proxy, version);
    await cursorsAt(await slow.direct.head());
    await old.stop();
    const node = start('new');
    await leads(node);
    const next = await commit('server-only');
    await has(proxy, next.version);
    expect(toClients(proxy)).toHaveLength(8);
  });

  it('the clients of event streams at a new proxy are made to fetch their link', async () => {
    const { version } = await commitSeen('a');
    const proxy = await endpoint();
    await leads(start('one'));
    await told(proxy, version);
    expect(courses(proxy)).toEqual(SHARDS.map(() => [`→${version}`]));
  });

  it('the clients of event streams at a proxy that was unreachable too long are made to fetch it too, and all others are notified as ever', async () => {
    const [a, b] = [await endpoint(), await endpoint()];
    await leads(start('one', { limits: { entries: 12, bytes: 1e6 } }));
    await a.cut();
    const first = await commitSeen('a');
    await told(b, first.version);
    const second = await commitSeen('a');
    await told(b, second.version);
    await a.open();
    await told(a, second.version);
    const whole = [`0→${first.version}`, `${first.version}→${second.version}`];
    // Items that left the ring: the hold goes to the link, and on from there.
    const resynced = [`→${first.version}`, `${first.version}→${second.version}`];
    for (const course of courses(a)) expect([whole, resynced, [`→${second.version}`]]).toContainEqual(course);
    expect(courses(a)).toContainEqual(resynced);
    expect(courses(b)).toEqual(SHARDS.map(() => whole));
  });

  it('the clients of event streams are made to fetch their link when the feed has a gap', async () => {
    const proxy = await endpoint();
    let gap = false;
    slow.onFeed(async (signal): Promise<FeedSignal[]> => {
      if (!gap || signal.kind !== 'entries') return [signal];
      gap = false;
      return [{ kind: 'gap', position: await slow.direct.head() }];
    });
    await leads(start('one', { refetchSpread: 60_000 }));
    const first = await commitSeen('a');
    await until('the first', () => toClients(proxy).length === 1);
    gap = true;
    const { version } = await commitSeen('b');
    await told(proxy, version);
    const links = courses(proxy).map((course) => course.at(-1));
    expect(links).toEqual(SHARDS.map(() => `→${version}`));
    expect(first.version).not.toBe(version);
  });

  describe('with a flag that changes at a time', () => {
    const commitScheduled = (from: number) => commitConfigs(slow.direct, ENV, scheduled('a', from));
    /** The position of the version with a boundary, when all shards were notified of it. */
    const notified = async (proxy: PublishEndpoint, id: string) =>
      until(`all shards to be notified of ${id}`, () =>
        courses(proxy).every((course) => course.at(-1)?.endsWith(`→${id}`)),
      );

    it('the clients of event streams with a flag that changes at a time are notified when it comes, each once', async () => {
      const proxy = await endpoint();
      await leads(start('one'));
      const boundary = Date.now() + 500;
      const { version } = await commitScheduled(boundary);
      await told(proxy, version);
      expect(Date.now()).toBeLessThan(boundary);
      await notified(proxy, `${version}-${boundary}`);
      expect(Date.now()).toBeGreaterThanOrEqual(boundary);
      const next = await commitSeen('b');
      await notified(proxy, `${next.version}-${boundary}`);
      const course = [
        `0→${version}`,
        `${version}→${version}-${boundary}`,
        `${version}-${boundary}→${next.version}-${boundary}`,
      ];
      expect(courses(proxy)).toEqual(SHARDS.map(() => course));
    });

    it('the clients of event streams with a flag that changes at a time are notified over the spread, which ends one spread after the time', async () => {
      const proxy = await endpoint();
      const spread = 800;
      await leads(start('one', { refetchSpread: spread }));
      const boundary = Date.now() + 1_500;
      const { version } = await commitScheduled(boundary);
      await notified(proxy, `${version}`);
      await until('the first', () => toClients(proxy).length === 9);
      const first = Date.now();
      await notified(proxy, `${version}-${boundary}`);
      expect(first).toBeGreaterThanOrEqual(boundary + spread / 8);
      expect(Date.now() - first).toBeGreaterThan(spread / 2);
      expect(toClients(proxy)).toHaveLength(16);
    });

    it('the clients of event streams with a flag that changes at a time are notified by the next leader when it came while no node led', async () => {
      const proxy = await endpoint();
      const old = start('old');
      await leads(old);
      const boundary = Date.now() + 1_000;
      const { version } = await commitScheduled(boundary);
      await told(proxy, version);
      await cursorsAt(await slow.direct.head());
      await old.stop();
      await until('the time to come', () => Date.now() > boundary);
      await leads(start('new'));
      await notified(proxy, `${version}-${boundary}`);
      expect(courses(proxy)).toEqual(SHARDS.map(() => [`0→${version}`, `${version}→${version}-${boundary}`]));
    });

    it('the clients of event streams with a flag that changes at a time are not notified again by the next leader when all were before', async () => {
      const proxy = await endpoint();
      const old = start('old');
      await leads(old);
      const boundary = Date.now() + 300;
      const { version } = await commitScheduled(boundary);
      await notified(proxy, `${version}-${boundary}`);
      await until('the cursor', async () => {
        const cursors = await slow.direct.leadership.cursors();
        return Number(cursors.get('boundaries')) >= boundary;
      });
      await old.stop();
      await leads(start('new'));
      const next = await commitSeen('b');
      await until('the next', () => toClients(proxy).length >= 24);
      expect(courses(proxy).map((course) => course.at(-1)?.split('→')[1]?.split('-')[0])).toEqual(
        SHARDS.map(() => `${next.version}`),
      );
      expect(toClients(proxy)).toHaveLength(24);
    });
  });
});
