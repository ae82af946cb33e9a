/**
 * Measures a belt server: time from the start of its process to its first answer, memory with
 * everything loaded, and what must be installed.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { keyText, newBucket, removeBuckets, writeCopy } from '../test/support/copies.js';
import { startNode } from '../test/support/node.js';
import { freePort } from '../test/support/ports.js';
import { startS3 } from '../test/support/s3.js';
import type { Bucket } from '../src/bucket/bucket.js';
import { openBucket } from '../src/bucket/open.js';
import { encodeConfig } from '../src/ruleset/codec.js';
import { weighNode } from './memory.js';

export const CONFIGS_EACH = 100;
const ROOT = join(import.meta.dirname, '..');
const MAIN = join(ROOT, 'dist/main.js');
const NO_AWS = {
  accessKeyId: undefined,
  secretAccessKey: undefined,
  sessionToken: undefined,
  region: undefined,
};
const STARTS = 5;
const AT_ONCE = 8;

export interface BeltServerResult {
  readonly environments: number;
  /**
   * Milliseconds from the start of the process to the end of the first snapshot, each from nothing.
   */
  readonly starts: {
    readonly file: readonly number[];
    readonly s3: readonly number[];
    readonly node: readonly number[];
  };
  /** Resident memory, bytes. */
  readonly resident: { readonly empty: number; readonly loaded: number; readonly evaluated: number };
  /** Bytes. */
  readonly installed: { readonly program: number; readonly packages: number };
}

export async function measureBeltServer(
  environments: number,
  env: Readonly<Record<string, string>>,
): Promise<BeltServerResult> {
  const folder = await newBucket();
  const s3 = await startS3();
  try {
    await fill(folder, environments);
    await fill(await openBucket(s3.url, NO_AWS), 1);
    const file = `file:${folder.name.slice('file '.length)}`;
    return {
      environments,
      starts: {
        file: await startTimes(['--source', file]),
        s3: await startTimes(['--source', s3.url]),
        node: await readyTimes(),
      },
      resident: await weigh(file, environments, env),
      installed: { program: sizeOf(join(ROOT, 'dist')), packages: packagesSize() },
    };
  } finally {
    await s3.stop();
    await removeBuckets();
  }
}

async function fill(bucket: Bucket, environments: number): Promise<void> {
  const configs = Array.from({ length: CONFIGS_EACH }, (_, i) =>
    encodeConfig({
      id: `${1_795_296_780_284_000 + i}`,
      projectId: '3',
      key: `bench.some-team.flag-${i}`,
      configType: 'FEATURE_FLAG',
      valueType: 'BOOL',
      rows: [
        {
          values: [
            {
              criteria: [
                {
                  propertyName: 'user.email',
                  operator: 'PROP_ENDS_WITH_ONE_OF',
                  valueToMatch: { stringList: { values: ['@example.com', '@example.org'] } },
                },
              ],
              value: { bool: true },
            },
            { value: { bool: false } },
          ],
        },
      ],
    }),
  );
  await each(environments, (environment) =>
    writeCopy(bucket, { environment, configs }).then(() => undefined),
  );
}

/** The first request is sent again until it is answered. */
async function startTimes(args: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < STARTS; i++) times.push(await startTime(['serve', ...args], {}, '/api/v1/configs/0'));
  return times;
}

/**
 * The same of a node with a new file store, to /readyz: what a process takes that loads everything.
 */
async function readyTimes(): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const directory = (await newBucket()).name.slice('file '.length);
    times.push(await startTime(['serve'], { HOLDFAST_STORE: `file:${directory}` }, '/readyz'));
  }
  return times;
}

async function startTime(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  path: string,
): Promise<number> {
  const port = await freePort();
  const begun = performance.now();
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, PORT: `${port}`, ...env },
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    for (;;) {
      if ((await statusOf(`http://127.0.0.1:${port}${path}`, keyText(1n))) === 200)
        return performance.now() - begun;
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    }
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

async function statusOf(url: string, key: string): Promise<number | undefined> {
  try {
    const authorization = `Basic ${Buffer.from(`bench:${key}`).toString('base64')}`;
    const answer = await fetch(url, { headers: { authorization } });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return undefined;
  }
}

async function weigh(
  source: string,
  environments: number,
  env: Readonly<Record<string, string>>,
): Promise<BeltServerResult['resident']> {
  const server = await startNode({
    env: { ...env, HOLDFAST_IN_MEMORY: '1000000', HOLDFAST_REVALIDATE: '3600', LOG_LEVEL: 'warn' },
    command: [MAIN, 'serve', '--source', source],
  });
  const context = encodeURIComponent(Buffer.from('{"contexts":[]}').toString('base64'));
  const read = (path: string) =>
    each(environments, async (id) => {
      const status = await statusOf(`${server.url}${path}`, keyText(id));
      if (status !== 200) throw new Error(`environment ${id} is answered ${status}`);
    });
  try {
    const empty = (await weighNode(server)).resident;
    await read('/api/v1/configs/0');
    const loaded = (await weighNode(server)).resident;
    await read(`/api/v2/configs/eval-with-context/${context}`);
    return { empty, loaded, evaluated: (await weighNode(server)).resident };
  } finally {
    await server.stop();
  }
}

/** The packages that `npm ci --omit=dev` installs, by the lock file. */
function packagesSize(): number {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .reduce((sum, [path]) => sum + sizeOf(join(ROOT, path), 'node_modules'), 0);
}

/**
 * The size of a folder's files, bytes. @param without a folder below it that is counted elsewhere
 */
function sizeOf(path: string, without?: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.size;
  const names = readdirSync(path).filter((name) => name !== without);
  return names.reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

async function each(count: number, work: (id: bigint) => Promise<void>): Promise<void> {
  let next = 1n;
  const lane = async (): Promise<void> => {
    while (next <= BigInt(count)) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
