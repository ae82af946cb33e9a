/**
 * Event streams on real parts: a page is told of what it may see, when it changes, and of nothing
 * else, whatever is lost on the way; and not all pages at once.
 */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { flag, scheduled, text } from '../support/configs.js';
import type { HoldfastNode } from '../support/node.js';
import { startPublishLink, type PublishLink } from '../support/publish-link.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const T = 5;
const SPREAD = 2;
const SHARDS = 8;

let link: PublishLink;
let stack: Stack;
let key: { id: string; key: string };
let environment = 0;
const open: SseConnection[] = [];

beforeAll(async () => {
  link = await startPublishLink();
  stack = await startStack({
    nodes: 2,
    env: {
      HOLDFAST_STALENESS: `${T}`,
      HOLDFAST_REFETCH_SPREAD: `${SPREAD}`,
      GRIP_URL: `${link.url}/?verify-iss=pushpin`,
    },
  });
  link.forwardTo(stack.pushpins[0]!.publishUrl);
});

afterAll(async () => {
  await stack.stop();
  await link.stop();
});

afterEach(() => {
  link.fault = 'none';
  for (const connection of open.splice(0)) connection.close();
});

/** A new environment with one flag. */
async function prepare(): Promise<void> {
  await stack.createEnvironment(++environment);
  key = await stack.createKey(environment, 'client');
  await stack.commit(environment, [flag('flag', true)]);
}

/**
 * Where the answer for all flags says that its provider learns of changes, as a provider asks for
 * it.
 */
async function streamUrl(): Promise<string> {
  const answer = await fetch(`${stack.url}/ofrep/v1/evaluate/flags`, {
    method: 'POST',
    headers: { 'x-api-key': key.key },
    body: '{"context":{}}',
  });
  const body = (await answer.json()) as { eventStreams: { endpoint: { requestUri: string } }[] };
  return stack.url + body.eventStreams[0]!.endpoint.requestUri;
}

async function subscribe(url: string, headers: Record<string, string> = {}): Promise<SseConnection> {
  const connection = await openSse(url, { headers });
  open.push(connection);
  expect(connection.status).toBe(200);
  return connection;
}

const ids = ({ events }: SseConnection) => events.map(({ id }) => id);
const told = (connection: SseConnection, version: string, timeout?: number) =>
  connection.waitForEvent(({ id }) => id === version, timeout);

/**
 * A stream that is past the check that Pushpin makes a second after the first subscription of a
 * channel, and that begins when all shards are told of what it has: an item that tells it of that
 * would not follow where it stands, and send it to its link.
 */
async function held(): Promise<SseConnection> {
  await prepare();
  await until('all shards are told', () => delivered().length === SHARDS);
  const checks = await recoveries();
  const connection = await subscribe(await streamUrl());
  await until('the first check', async () => (await recoveries()) > checks);
  return connection;
}

/** Requests over the recovery link for event streams, of both nodes. */
async function recoveries(): Promise<number> {
  const answers = await Promise.all(
    stack.nodes.map(async (node) => (await fetch(`${node.url}/metrics`)).text()),
  );
  const counts = answers.flatMap((metrics) => [
    ...metrics.matchAll(/^holdfast_recoveries_total\{[^}]*stream="clients"\} (\d+)/gm),
  ]);
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

async function leader(): Promise<HoldfastNode> {
  return until('a node leads', async () => {
    for (const node of stack.nodes) {
      const metrics = await fetch(`${node.url}/metrics`).then((answer) => answer.text());
      if (/^holdfast_leader 1$/m.test(metrics)) return node;
    }
    return undefined;
  });
}

/** Items that were delivered to shards of the present environment. */
const delivered = () => link.delivered.filter(({ channel }) => channel.startsWith(`clients-${environment}-`));

const toggle = async (value: boolean) => (await stack.commit(environment, [flag('flag', value)])).version;

it('tells a page of each change that it sees, by the published item, and of no other', async () => {
  const connection = await held();
  const before = await recoveries();
  const first = await toggle(false);
  await told(connection, first);
  const unseen = await stack.commit(environment, [text('server-only', 'x')]);
  const second = await toggle(true);
  await told(connection, second);
  expect(ids(connection)).toEqual([first, second]);
  expect(ids(connection)).not.toContain(unseen.version);
  expect(JSON.parse(connection.events[1]!.data)).toMatchObject({ type: 'refetchEvaluation', etag: second });
  // One may be the regular check after T, on a slow machine.
  expect((await recoveries()) - before).toBeLessThanOrEqual(1);
  expect([connection.isClosed(), connection.errors]).toEqual([false, []]);
  expect(connection.headers['access-control-allow-origin']).toBe('*');
});

it('tells the shards one after the other, and all of the last change', async () => {
  await prepare();
  const url = await streamUrl();
  const pages = await Promise.all(Array.from({ length: 40 }, () => subscribe(url)));
  let version = '';
  for (let i = 0; i < 5; i++) version = await toggle(i % 2 === 1);
  await Promise.all(pages.map((page) => told(page, version, 20_000)));
  await until('all shards are told', () => delivered().filter(({ id }) => id === version).length === SHARDS);
  const shards = delivered().map(({ channel }) => channel);
  expect(new Set(shards).size).toBe(SHARDS);
  // Not five rounds of eight: those whose turn was to come were told of the last change only.
  expect(shards.length).toBeLessThan(3 * SHARDS);
  const moments = pages.map((page) => page.events.find(({ id }) => id === version)!.at);
  // Together only if they are on one shard: the first and the last are some turns apart.
  expect(Math.max(...moments) - Math.min(...moments)).toBeGreaterThan((SPREAD * 1000) / SHARDS);
});

it('repairs a lost item in the open stream as soon as the next one shows the gap', async () => {
  const connection = await held();
  link.fault = 'lose';
  const lost = await toggle(false);
  const before = link.faulted;
  await until('all shards are told, and none hears it', () => link.faulted >= before + SHARDS - 1, {
    timeout: 20_000,
  });
  link.fault = 'none';
  const next = await toggle(true);
  await told(connection, next);
  expect(ids(connection).filter((id) => id !== lost)).toEqual([next]);
  expect(connection.isClosed()).toBe(false);
});

it('tells a page within T although nothing can be published at all', async () => {
  const connection = await held();
  link.fault = 'cut';
  const version = await toggle(false);
  await told(connection, version, T * 1000 + 3_000);
  expect(connection.isClosed()).toBe(false);
});

it.each<['is stopped' | 'is killed']>([['is stopped'], ['is killed']])(
  'tells the shards that a leader has not told when it %s, through the next one',
  async (how) => {
    const connection = await held();
    const leading = await leader();
    const version = await toggle(false);
    await until('the first shard is told', () => delivered().length > 0);
    await (how === 'is killed' ? leading.kill() : leading.stop());
    // The link's timeout would tell the pages too, but no shard.
    const shards = () =>
      new Set(
        delivered()
          .filter(({ id }) => id === version)
          .map(({ channel }) => channel),
      );
    expect(shards().size).toBeLessThan(SHARDS);
    await until('all shards are told', () => shards().size === SHARDS, { timeout: 30_000 });
    await told(connection, version);
    expect(connection.isClosed()).toBe(false);
    await leading.restart();
  },
  90_000,
);

it('tells one that comes back what it lacks, by where it was last or where its URL says it began', async () => {
  await prepare();
  const url = await streamUrl();
  const version = await toggle(false);
  const behind = await subscribe(url);
  await told(behind, version);
  const lastHeard = await subscribe(url, { 'last-event-id': version });
  const fresh = await subscribe(await streamUrl());
  const next = await toggle(true);
  await Promise.all([behind, lastHeard, fresh].map((page) => told(page, next)));
  expect([ids(behind), ids(lastHeard), ids(fresh)]).toEqual([[version, next], [next], [next]]);
});

/** The value of the flag, as a provider asks for it after an event. */
async function valueOf(name: string, etag: string): Promise<unknown> {
  const answer = await fetch(`${stack.url}/ofrep/v1/evaluate/flags?flagConfigEtag=${etag}`, {
    method: 'POST',
    headers: { 'x-api-key': key.key },
    body: '{"context":{}}',
  });
  const { flags } = (await answer.json()) as { flags: { key: string; value: unknown }[] };
  return flags.find((each) => each.key === name)?.value;
}

/** Commits a flag that comes on that much later, and returns its version and the time. */
async function schedule(milliseconds: number): Promise<{ version: string; boundary: number }> {
  const boundary = Date.now() + milliseconds;
  const { version } = await stack.commit(environment, [scheduled('timed', boundary)]);
  return { version, boundary };
}

it('notifies a page when the time of a scheduled rule comes, once, within the spread', async () => {
  const connection = await held();
  const { version, boundary } = await schedule(6_000);
  await told(connection, version);
  expect(await valueOf('timed', version)).toBe(false);
  const id = `${version}-${boundary}`;
  await told(connection, id, 15_000);
  const { at, data } = connection.events.find((event) => event.id === id)!;
  expect(performance.timeOrigin + at - boundary).toBeLessThan(SPREAD * 1000 + 2_000);
  expect(JSON.parse(data)).toMatchObject({ type: 'refetchEvaluation', etag: id });
  expect(await valueOf('timed', id)).toBe(true);
  // The chain goes on: the next change follows by the published item.
  await until(
    'all shards are notified',
    () => delivered().filter((item) => item.id === id).length === SHARDS,
  );
  const next = await toggle(false);
  await told(connection, `${next}-${boundary}`);
  expect(ids(connection)).toEqual([version, id, `${next}-${boundary}`]);
  expect([connection.isClosed(), connection.errors]).toEqual([false, []]);
}, 60_000);

it('notifies a page that comes back at an unchanged version after the time of a scheduled rule', async () => {
  await prepare();
  const { version, boundary } = await schedule(2_000);
  const before = await streamUrl();
  await until('the time', () => Date.now() > boundary + 100);
  const back = await subscribe(before, { 'last-event-id': version });
  await told(back, `${version}-${boundary}`);
  const fresh = await subscribe(await streamUrl());
  const knowing = await subscribe(before, { 'last-event-id': `${version}-${boundary}` });
  const next = await toggle(false);
  await Promise.all([fresh, knowing].map((page) => told(page, `${next}-${boundary}`)));
  expect([ids(fresh), ids(knowing)]).toEqual([[`${next}-${boundary}`], [`${next}-${boundary}`]]);
}, 60_000);

it('notifies all shards of a scheduled rule whose time came while the leader was gone', async () => {
  const connection = await held();
  const { version, boundary } = await schedule(5_000);
  await told(connection, version);
  const leading = await leader();
  await until('the time is near', () => Date.now() > boundary - 500, { timeout: 20_000 });
  await leading.kill();
  const id = `${version}-${boundary}`;
  const shards = () =>
    new Set(
      delivered()
        .filter((item) => item.id === id)
        .map(({ channel }) => channel),
    );
  await until('all shards are notified', () => shards().size === SHARDS, { timeout: 30_000 });
  await told(connection, id);
  expect(ids(connection)).toEqual([version, id]);
  await leading.restart();
}, 90_000);

it('ends when the key is revoked, and the token opens it no more', async () => {
  const connection = await held();
  const url = await streamUrl();
  await stack.admin(`/admin/v1/keys/${key.id}`, { method: 'DELETE' });
  expect(await connection.closed).toBe('ended');
  await until('it is refused by both nodes', async () => (await fetch(url)).status === 401);
});
