/**
 * An installation with everything that rulesets can come from, each part a process of its own that
 * can be killed and brought back: Redis, two nodes, a Pushpin, a belt writer, a bucket in S3 and
 * one in a folder, and two belt servers. The first reads the bucket in S3 only and keeps copies on
 * disk, the second reads both buckets and keeps none.
 */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/ruleset/model.js';
import { text } from './configs.js';
import { startNode, type HoldfastNode } from './node.js';
import { startS3, type S3Setup } from './s3.js';
import { startStack, type Stack } from './stack.js';
import { until } from './until.js';

/** A flag whose value is the name of the last change. */
export const FLAG = 'drill';

/**
 * Seconds after which belt servers look again; three times that without a confirmation is stale.
 */
const REVALIDATE = 1;

export const PARTS = ['Redis', 'nodes', 'Pushpin', 'S3', 'belt 1', 'belt 2'] as const;
export type Part = (typeof PARTS)[number];

export interface Drill {
  readonly stack: Stack;
  readonly belts: readonly [HoldfastNode, HoldfastNode];
  /** In the order in which clients ask them: belt server 1, belt server 2, Pushpin. */
  readonly sources: readonly string[];
  readonly keys: { readonly server: string; readonly client: string };
  /** For files of clients. */
  readonly dir: string;
  /** The name of the last change. */
  readonly newest: string;
  /** The parts that are down, in the order of `PARTS`. */
  readonly down: readonly Part[];
  /** Makes a change through the admin interface; it has a new name. */
  change(): Promise<void>;
  kill(part: Part): Promise<void>;
  /** Starts what is down again. */
  restore(): Promise<void>;
  stop(): Promise<void>;
}

export async function startDrill(): Promise<Drill> {
  const dir = mkdtempSync(join(tmpdir(), 'hf-drill-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const stack = await startStack({ nodes: 2, dir });
    stops.push(() => stack.stop());
    const s3 = await startS3();
    stops.push(() => s3.stop());
    const folder = `file:${join(dir, 'bucket')}`;
    const writer = await startProgram(['belt'], {
      HOLDFAST_STORE: stack.redis.url,
      HOLDFAST_BELT: `${s3.url} ${folder}`,
    });
    stops.push(() => writer.kill());
    const common = { HOLDFAST_REVALIDATE: `${REVALIDATE}` };
    const first = await startProgram(['serve', '--source', s3.url], {
      ...common,
      HOLDFAST_CACHE: join(dir, 'cache'),
    });
    stops.push(() => first.kill());
    const second = await startProgram(['serve', '--source', `${s3.url},${folder}`], common);
    stops.push(() => second.kill());
    await stack.createEnvironment(1);
    const keys = {
      server: (await stack.createKey(1, 'server')).key,
      client: (await stack.createKey(1, 'client')).key,
    };
    return assemble({ stack, s3, belts: [first, second], keys, dir, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

function startProgram(command: readonly string[], env: Record<string, string>): Promise<HoldfastNode> {
  const main = join(import.meta.dirname, '../../dist/main.js');
  return startNode({ env: { HOST: '127.0.0.1', ...env }, command: [main, ...command] });
}

interface Started extends Pick<Drill, 'stack' | 'belts' | 'keys' | 'dir' | 'stop'> {
  readonly s3: S3Setup;
}

function assemble({ stack, s3, belts, keys, dir, stop }: Started): Drill {
  const down = new Set<Part>();
  const [pushpin] = stack.pushpins;
  const parts: Record<Part, { kill: () => Promise<unknown>; restart: () => Promise<unknown> }> = {
    Redis: stack.redis,
    nodes: {
      kill: () => Promise.all(stack.nodes.map((node) => node.kill())),
      restart: () => Promise.all(stack.nodes.map((node) => node.restart())),
    },
    Pushpin: pushpin!,
    S3: s3,
    'belt 1': belts[0],
    'belt 2': belts[1],
  };
  let changes = 0;
  return {
    stack,
    belts,
    keys,
    dir,
    stop,
    sources: [belts[0].url, belts[1].url, stack.url],
    get newest() {
      return `change ${changes}`;
    },
    get down() {
      return PARTS.filter((part) => down.has(part));
    },
    change: async () => {
      const name = `change ${changes + 1}`;
      // A node that was started with Redis needs a moment until it reaches it.
      await until(`${name} is made`, () => stack.commit(1, [named(name)]), { timeout: 20_000 });
      changes++;
    },
    kill: async (part) => {
      down.add(part);
      await parts[part].kill();
    },
    restore: async () => {
      // Pushpin last: a request that meets one that is just starting may get no answer, and an SDK without a limit of
      // time then waits for as long as that Pushpin runs.
      const order = [...PARTS.filter((part) => part !== 'Pushpin'), 'Pushpin'] as const;
      for (const part of order.filter((each) => down.has(each))) {
        await parts[part].restart();
        down.delete(part);
      }
    },
  };
}

/** A feature flag, because every kind of client may see those. */
function named(name: string): Config {
  return { ...text(FLAG, name), configType: 'FEATURE_FLAG' };
}

/** A belt server's report of itself and of its copy. */
export interface BeltWord {
  readonly change: string;
  /** Whole seconds, as `Age` has them. */
  readonly age: number;
  /** `Holdfast-Stale`, when it is there. */
  readonly stale: number | undefined;
  /** `ready`, or what is degraded. */
  readonly readiness: string;
}

export async function askBelt({ url }: HoldfastNode, key: string): Promise<BeltWord> {
  const authorization = `Basic ${Buffer.from(`drill:${key}`).toString('base64')}`;
  const answer = await fetch(`${url}/api/v1/configs/0?format=json`, { headers: { authorization } });
  const body = await answer.text();
  if (answer.status !== 200) throw new Error(`a belt server answered ${answer.status}: ${body}`);
  const [change] = /change \d+/.exec(body) ?? [''];
  const stale = answer.headers.get('holdfast-stale');
  const { status, degraded = [] } = (await (await fetch(`${url}/readyz`)).json()) as {
    status: string;
    degraded?: string[];
  };
  return {
    change,
    age: Number(answer.headers.get('age')),
    stale: stale === null ? undefined : Number(stale),
    readiness: [status, ...degraded].join(' '),
  };
}
