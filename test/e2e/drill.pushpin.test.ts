/**
 * The drill: one part after another is killed, and clients run, start and restart all the while.
 * docs/belt.md has what it measured; HOLDFAST_TEST_DRILL=table prints it.
 *
 *     store ── nodes ── Pushpin ──────────────────┐
 *       └── belt writer ──┬── S3 ──┬── belt 1 ────┼── clients
 *                         │        └──┐           │
 *                         └── folder ─┴─ belt 2 ──┘
 *
 * The tests are one story, in their order.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  startJsSdk,
  startLibrary,
  startNodeSdk,
  startOfrep,
  type DrillClient,
  type JsClient,
  type LibraryClient,
} from '../support/drill-clients.js';
import { beltWord, changesOf, short, tableOf, wordOf, type DrillRow } from '../support/drill-report.js';
import { askBelt, startDrill, type Drill } from '../support/drill.js';
import { flag } from '../support/configs.js';
import { until } from '../support/until.js';

let drill: Drill;
let library: LibraryClient;
let jsSdk: JsClient;
let running: DrillClient[];
const rows: DrillRow[] = [];
/** For what needs several looks of belt servers, on a slow machine. Milliseconds. */
const SLOW = { timeout: 20_000 };

beforeAll(async () => {
  // The node SDK prints each request without an answer, with its stack.
  for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
  drill = await startDrill();
  await drill.change();
  await beltsHave(drill.newest);
  library = await startLibrary(drill, { saves: 'running' });
  jsSdk = await startJsSdk(drill);
  await jsSdk.poll();
  running = [library, ...(await startSdks()), jsSdk];
  await until('the library streams', () => library.client.status().state === 'streaming', SLOW);
});

afterAll(async () => {
  await Promise.all(running.map((client) => client.close()));
  await drill.stop();
  if (process.env.HOLDFAST_TEST_DRILL === 'table') console.log(tableOf(rows));
});

/**
 * Those that need no care when nothing answers: each with the belt servers first, with Pushpin
 * first, and OpenFeature.
 */
async function startSdks(): Promise<DrillClient[]> {
  const { keys, sources } = drill;
  const [first, second, origin] = sources as [string, string, string];
  return [
    await startNodeSdk('node SDK', keys.server, sources),
    await startNodeSdk('node SDK with streams', keys.server, [origin, first, second]),
    startOfrep(drill),
  ];
}

async function beltsHave(change: string): Promise<void> {
  for (const belt of drill.belts) {
    const has = async () => (await askBelt(belt, drill.keys.server)).change === change;
    await until(`a belt server has ${change}`, has, SLOW);
  }
}

const valuesOf = (clients: readonly DrillClient[]) =>
  Promise.all(clients.map(async (client) => ({ name: client.name, value: await client.value() })));

/** Each of them knows that change, now or soon. */
async function have(clients: readonly DrillClient[], change: string): Promise<void> {
  let last: Awaited<ReturnType<typeof valuesOf>> = [];
  const all = async () => {
    last = await valuesOf(clients);
    return last.every(({ value }) => value === change);
  };
  await until(`all have ${change}`, all, { ...SLOW, context: () => JSON.stringify(last) });
}

interface Expected {
  /**
   * The source that answers the library when it starts, and the one that it then follows, by their
   * place.
   */
  readonly source: readonly [number, number];
  /**
   * The report of each belt server; empty when it is down. `stale`: it says so in its
   * answers.
   */
  readonly belts: readonly [BeltExpected | undefined, BeltExpected | undefined];
  /**
   * The clients that start with an older change, because their first source has it, and the change.
   */
  readonly older?: { readonly names: readonly string[]; readonly change: string };
}

interface BeltExpected {
  readonly readiness: string;
  readonly stale?: true;
  readonly change?: string;
}

/**
 * Looks at everybody: those that run, those that start, and those that start again with what they
 * saved.
 */
async function look({ source, belts, older }: Expected): Promise<void> {
  const { newest } = drill;
  const upToDate = (clients: readonly DrillClient[]) =>
    clients.filter(({ name }) => older?.names.includes(name) !== true);
  await have(upToDate(running), newest);
  const said = await Promise.all(belts.map((expected, i) => beltSays(i as 0 | 1, expected)));
  const [starts, restarts] = [await libraryStarts(source), await libraryStarts(source, 'restarting')];
  const started = [...(await startSdks()), await startJsSdk(drill)];
  try {
    await have(upToDate(started), newest);
    const isOlder = started.filter((client) => !upToDate(started).includes(client));
    await have(isOlder, older?.change ?? newest);
    rows.push({
      down: drill.down.join(', ') || 'nothing',
      newest: short(newest),
      runs: await libraryWord(library),
      starts,
      restarts,
      sdks: [changesOf(await valuesOf(running.slice(1))), changesOf(await valuesOf(started))],
      belts: said as [string, string],
    });
  } finally {
    await Promise.all(started.map((client) => client.close()));
  }
}

/** The library's report when it is ready, with or without a file that an earlier one has left. */
async function libraryStarts([first, then]: Expected['source'], saves?: string): Promise<string> {
  const started = await startLibrary(drill, saves === undefined ? {} : { saves });
  try {
    const { source, stale } = started.client.status();
    expect({ source, stale, value: await started.value() }).toEqual({
      source: drill.sources[first],
      stale: false,
      value: drill.newest,
    });
    const word = await libraryWord(started);
    const follows = () => started.client.status().source === drill.sources[then];
    await until('it follows the best source', follows, SLOW);
    return word;
  } finally {
    await started.close();
  }
}

async function libraryWord(each: LibraryClient): Promise<string> {
  return wordOf(drill, await each.value(), each.client.status());
}

async function beltSays(i: 0 | 1, expected: BeltExpected | undefined): Promise<string> {
  if (expected === undefined) return 'down';
  const { change = drill.newest, readiness, stale } = expected;
  let last: unknown;
  const says = async () => {
    const word = await askBelt(drill.belts[i], drill.keys.server);
    last = word;
    const isStale = word.stale !== undefined && word.stale === word.age;
    return word.change === change && word.readiness === readiness && isStale === (stale ?? false) && word;
  };
  const context = () => `belt server ${i + 1} says ${JSON.stringify(last)}`;
  return beltWord(await until('a belt server says how it is', says, { ...SLOW, context }));
}

/** Everything runs again: a change reaches all that run, and none reports that it may be old. */
async function returnToNewest(): Promise<void> {
  await drill.restore();
  await have(running, drill.newest);
  await drill.change();
  await have(running, drill.newest);
  await until('the library is not stale', () => !library.client.status().stale, SLOW);
  await until('it streams', () => library.client.status().state === 'streaming', SLOW);
}

const READY = { readiness: 'ready' };
const ALONE = { readiness: 'degraded source copies', stale: true } as const;
const ONE_SOURCE = { readiness: 'degraded source' };

describe('while everything runs', () => {
  it('clients start with the newest from the first source, and follow the stream', async () => {
    await look({ source: [0, 2], belts: [READY, READY] });
  });
});

describe('when one part after another dies, and none comes back', () => {
  it('when one part after another dies, and none comes back, without Redis no change can be made, and everybody has the last one', async () => {
    await drill.kill('Redis');
    const refused = await drill.stack.admin('/admin/v1/environments/1/changes', {
      body: { configs: [flag('refused', true)] },
    });
    expect(refused.status).toBe(503);
    await look({ source: [0, 2], belts: [READY, READY] });
  });

  it('when one part after another dies, and none comes back, without the nodes, too, clients start from copies', async () => {
    await drill.kill('nodes');
    await look({ source: [0, 0], belts: [READY, READY] });
  });

  it('when one part after another dies, and none comes back, without Pushpin, too, those that streamed go on from copies', async () => {
    await drill.kill('Pushpin');
    await until('the library polls', () => library.client.status().state === 'polling', SLOW);
    await look({ source: [0, 0], belts: [READY, READY] });
    expect(library.client.status().source).toBe(drill.sources[0]);
  });

  it('when one part after another dies, and none comes back, without the bucket in S3, too, the belt server that has no other says how old its copy is, also when it starts', async () => {
    await drill.kill('S3');
    await drill.belts[0].restart();
    await look({ source: [1, 1], belts: [ALONE, ONE_SOURCE] });
  });

  it('when one part after another dies, and none comes back, without the first belt server, too, all go on from the second', async () => {
    await drill.kill('belt 1');
    await look({ source: [1, 1], belts: [undefined, ONE_SOURCE] });
  });

  it('when one part after another dies, and none comes back, without anything, those that run keep what they have, and one that saved it starts, and both say that it is old', async () => {
    await jsSdk.pause();
    await drill.kill('belt 2');
    const restarting = await startLibrary(drill, { saves: 'restarting' });
    const starting = startLibrary(drill, { readyTimeout: 1_000 });
    await expect(starting).rejects.toMatchObject({ code: 'unreachable' });
    await until('it says so', () => library.client.status().stale, SLOW);
    // OpenFeature's provider keeps nothing.
    const sdks = running.slice(1).filter(({ name }) => name !== 'OFREP provider');
    const clients = [library, restarting, ...sdks];
    await have(clients, drill.newest);
    expect(restarting.client.status()).toMatchObject({ source: 'saved', stale: true });
    rows.push({
      down: 'everything',
      newest: short(drill.newest),
      runs: await libraryWord(library),
      starts: 'unreachable',
      restarts: await libraryWord(restarting),
      sdks: [changesOf(await valuesOf(sdks)), 'none starts'],
      belts: ['down', 'down'],
    });
    await restarting.close();
  });

  it('all return to the newest when everything is back', async () => {
    await drill.restore();
    await jsSdk.poll();
    await returnToNewest();
    await look({ source: [0, 2], belts: [READY, READY] });
  });
});

describe('when one part dies while changes go on, and comes back', () => {
  afterEach(returnToNewest);

  it('Pushpin: changes come from the belt servers', async () => {
    await drill.kill('Pushpin');
    await drill.change();
    await beltsHave(drill.newest);
    await look({ source: [0, 0], belts: [READY, READY] });
  });

  it('the bucket in S3: the belt server that has no other says that its copy is old, and the library goes on to the next', async () => {
    await drill.kill('S3');
    const change = drill.newest;
    await drill.change();
    await look({
      source: [1, 2],
      belts: [{ ...ALONE, change }, ONE_SOURCE],
      older: { names: ['node SDK', 'js SDK'], change },
    });
  });

  it('the bucket in S3, and Pushpin: the second belt server is asked although the first one answers', async () => {
    await drill.kill('S3');
    await drill.kill('Pushpin');
    const change = drill.newest;
    await drill.change();
    await look({
      source: [1, 1],
      belts: [{ ...ALONE, change }, ONE_SOURCE],
      // The SDKs do not look at ages.
      older: { names: ['node SDK', 'node SDK with streams', 'js SDK'], change },
    });
  });

  it('the first belt server: changes come from the second', async () => {
    await drill.kill('belt 1');
    await drill.change();
    await look({ source: [1, 2], belts: [undefined, READY] });
  });
});
