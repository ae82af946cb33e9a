/**
 * `node scripts/run.mjs bench/commit.ts [--quick]`: commits over HTTP by 1, 16 and 64 writers, each of an
 * environment of its own, on both stores; beside what the store alone does (one fdatasync for a batch
 * of as many records on the same disk; the script of a commit by a client of Redis), and beside
 * Mercure and Centrifugo, where they are on the PATH. Everything is on the disk before its answer.
 * Rounds are in turn.
 */
import { mkdtempSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLog } from '../src/observe/log.js';
import { openStore } from '../src/store/open.js';
import type { Store } from '../src/store/store.js';
import { createEnvironment, TESTER } from '../test/support/commits.js';
import { flag } from '../test/support/configs.js';
import { nodeEnvironment } from '../test/support/environment.js';
import { startNode } from '../test/support/node.js';
import { startRedis } from '../test/support/redis.js';
import { Changes } from './changes.js';
import { centrifugo, mercureOnDisk, type CommitPeer } from './commit-peers.js';
import { SECRETS } from './measured-node.js';
import { makeRequests, processorTime, requestText } from './peers/raw-http.js';
import { missing } from './peers/servers.js';
import { median } from './statistics.js';
import { figure, table } from './table.js';

const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const WRITERS = [1, 16, 64];
const ROUNDS = options.quick ? 2 : 5;
/** Commits of a round, by the number of writers. */
const commitsOf = (writers: number): number => (writers === 1 ? 150 : 640);

/** A target of changes; resolves to the number per second, and its processor time for each. */
interface Contestant {
  readonly name: string;
  readonly run: (writers: number, count: number) => Promise<{ rate: number; processor: number }>;
  readonly stop: () => Promise<unknown>;
}

async function rateOf(count: number, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return count / ((performance.now() - began) / 1000);
}

function overHttp({ name, pid, port, request, stop }: CommitPeer): Contestant {
  return {
    name,
    stop,
    run: async (writers, count) => {
      let turn = 0;
      const before = processorTime(pid);
      const rate = await rateOf(count, () =>
        makeRequests(port, count, writers, () => request(1 + (turn++ % writers))),
      );
      return { rate, processor: (processorTime(pid) - before) / count };
    },
  };
}

async function holdfastOn(name: string, location: string): Promise<Contestant> {
  const env = { ...nodeEnvironment(SECRETS, location, []), GRIP_URL: '', HOLDFAST_DRAIN: '0' };
  const node = await startNode({ env });
  for (let id = 1; id <= Math.max(...WRITERS); id++) {
    const answer = await fetch(`${node.url}/admin/v1/environments/${id}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${SECRETS.adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ projectId: '1', name: `environment ${id}` }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }
  const headers = { Authorization: `Bearer ${SECRETS.adminToken}`, 'Content-Type': 'application/json' };
  const made = new Map<number, number>();
  const request = (writer: number): string => {
    // Each commit changes something: one of 100 flags, which is on and off in turn.
    const number = made.get(writer) ?? 0;
    made.set(writer, number + 1);
    const configs = [flag(`bench.flag.${number % 100}`, Math.floor(number / 100) % 2 === 0)];
    const path = `/admin/v1/environments/${writer}/changes`;
    return requestText(node.port, `POST ${path}`, headers, JSON.stringify({ configs }));
  };
  return overHttp({ name, pid: node.pid, port: node.port, request, stop: () => node.stop() });
}

/** One fdatasync for as many records as there are writers: the most that a batch can share. */
async function diskAlone(): Promise<Contestant> {
  const file = await open(join(mkdtempSync(join(tmpdir(), 'hf-commit-')), 'log'), 'a');
  const record = Buffer.alloc(500, 'x');
  return {
    name: 'the disk alone',
    stop: () => file.close(),
    run: async (writers, count) => {
      const batch = Buffer.concat(Array.from({ length: writers }, () => record));
      const rate = await rateOf(count, async () => {
        for (let done = 0; done < count; done += writers) {
          await file.write(batch);
          await file.datasync();
        }
      });
      return { rate, processor: NaN };
    },
  };
}

async function scriptAlone(redisUrl: string): Promise<Contestant> {
  const store: Store = await openStore(redisUrl, { log: createLog('warn') });
  const first = 1_000;
  const streams = Array.from({ length: Math.max(...WRITERS) }, (_, writer) => new Changes(first + writer, 1));
  for (const { last } of streams) await createEnvironment(store, BigInt(last));
  const commit = async (writer: number): Promise<void> => {
    const [change] = streams[writer]?.next(1) ?? [];
    if (change === undefined) return;
    const { environment, previous: expect } = change;
    const result = await store.commit({ environment, by: TESTER, expect, change, live: 1 });
    if (result.kind !== 'committed') throw new Error(`not committed: ${result.kind}`);
  };
  return {
    name: 'the script alone',
    stop: () => store.close(),
    run: async (writers, count) => {
      let left = count;
      const lane = async (writer: number): Promise<void> => {
        while (left-- > 0) await commit(writer);
      };
      const rate = await rateOf(count, () =>
        Promise.all(Array.from({ length: writers }, (_, writer) => lane(writer))),
      );
      return { rate, processor: NaN };
    },
  };
}

/** Commits before the first that is measured: engines compile what is used often. */
const WARM_UP = options.quick ? 640 : 3_200;

/** Measures in turn; the first is what the others are compared with. */
async function compare(contestants: readonly Contestant[]): Promise<string> {
  const rows: string[][] = [];
  for (const each of contestants) await each.run(16, WARM_UP);
  for (const writers of WRITERS) {
    const rates = new Map(contestants.map((each) => [each, [] as number[]]));
    const processors = new Map(contestants.map((each) => [each, [] as number[]]));
    for (let round = -1; round < ROUNDS; round++) {
      for (const each of contestants) {
        const { rate, processor } = await each.run(writers, commitsOf(writers));
        // The first round warms up.
        if (round < 0) continue;
        rates.get(each)?.push(rate);
        processors.get(each)?.push(processor);
      }
    }
    const own = median([...rates.values()][0] ?? []);
    for (const [{ name }, each] of rates) {
      const cost = median([...processors].find(([other]) => other.name === name)?.[1] ?? []);
      const shown = Number.isNaN(cost) ? '' : figure(cost);
      const range = `${figure(Math.min(...each))} – ${figure(Math.max(...each))}`;
      rows.push([`${writers}, ${name}`, (median(each) / own).toFixed(2), figure(median(each)), range, shown]);
    }
  }
  const head = ['writers', 'of the store alone', 'commits/s, median', 'least – most', 'ms CPU each'];
  return table(head, rows);
}

async function measure(title: string, starts: readonly (() => Promise<Contestant>)[]): Promise<void> {
  const contestants: Contestant[] = [];
  try {
    for (const start of starts) contestants.push(await start());
    process.stdout.write(`${title}, load ${figure(loadavg()[0] ?? 0)}\n\n${await compare(contestants)}\n\n`);
  } finally {
    await Promise.all(contestants.map(({ stop }) => stop()));
  }
}

const absent = ['mercure', 'centrifugo'].map(missing).filter((why) => why !== undefined);
for (const why of absent) process.stdout.write(`Not compared: ${why}.\n`);
const has = (program: string): boolean => missing(program) === undefined;
await measure('Embedded', [
  diskAlone,
  () => holdfastOn('Holdfast', `file:${mkdtempSync(join(tmpdir(), 'hf-commit-'))}`),
  ...(has('mercure') ? [async () => overHttp(await mercureOnDisk())] : []),
]);
const redis = await startRedis({ appendonly: true });
try {
  await measure('Redis that writes each change to the disk', [
    () => scriptAlone(redis.url),
    () => holdfastOn('Holdfast', redis.url),
    ...(has('centrifugo') ? [async () => overHttp(await centrifugo(redis.url))] : []),
  ]);
} finally {
  await redis.stop();
}
