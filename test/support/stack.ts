/**
 * A whole installation on one machine: Redis, Pushpin and Holdfast nodes, wired together as
 * docker-compose.yml does it, on free ports. Tests and `npm run stack` use it.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeEnvironment, type StackSecrets } from './environment.js';
import { startNode, type HoldfastNode } from './node.js';
import { freePorts } from './ports.js';
import { startPushpin, type Pushpin } from './pushpin.js';
import type { PushpinOptions } from './pushpin-config.js';
import { startRedis, type RedisServer } from './redis.js';

export interface StackOptions {
  /** Holdfast nodes; default 2. */
  readonly nodes?: number;
  /** Default 1. */
  readonly pushpins?: number;
  /** True when Redis keeps its data across a restart; default `appendonly`. */
  readonly redis?: 'appendonly' | 'memory';
  /** The arguments of node of some nodes, in their order, in place of `dist/main.js serve`. */
  readonly commands?: readonly (readonly string[] | undefined)[];
  /** True: the canary measures at each Pushpin; default false. */
  readonly canary?: boolean;
  /** More settings for each node; they win. */
  readonly env?: Readonly<Record<string, string>>;
  /** More settings for one node, by its place; they win over those. */
  readonly envOf?: (index: number) => Readonly<Record<string, string>>;
  /** Options that differ from pushpin/pushpin.conf, by `section.option`. */
  readonly pushpin?: PushpinOptions;
  /** The folder of the logs and of Redis' data; default: a new temporary one. */
  readonly dir?: string;
}

export interface Stack {
  readonly dir: string;
  readonly redis: RedisServer;
  readonly pushpins: readonly Pushpin[];
  readonly nodes: readonly HoldfastNode[];
  readonly secrets: StackSecrets;
  /** Where clients subscribe: the first Pushpin. */
  readonly url: string;
  /**
   * A call to the admin interface of the first node, or of the node given, with the token. A body
   * is sent as JSON.
   */
  admin(path: string, call?: AdminCall): Promise<Response>;
  /** Creates an environment (default: 1 of project 1) and returns its id. */
  createEnvironment(id?: number, settings?: Readonly<Record<string, unknown>>): Promise<number>;
  /** Creates a key and returns it with its id. */
  createKey(environment?: number, kind?: 'server' | 'client'): Promise<{ id: string; key: string }>;
  /** Commits configs in their proto3-JSON form. */
  commit(environment: number, configs: readonly unknown[]): Promise<Committed>;
  /** Ends everything, the nodes first. */
  stop(): Promise<void>;
}

export interface AdminCall {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly node?: HoldfastNode;
}

export interface Committed {
  readonly previous: string;
  readonly version: string;
}

/**
 * Starts everything; resolves when all nodes are ready. What was started is ended again when
 * something cannot be.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'hf-stack-'));
  mkdirSync(dir, { recursive: true });
  const secrets = { adminToken: random(), secret: random(), gripKey: random() };
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const redis = await startRedis({
      appendonly: options.redis !== 'memory',
      dir: folder(dir, 'redis'),
      args: ['--logfile', join(dir, 'redis.log')],
    });
    stops.push(() => redis.stop());
    const ports = await freePorts(options.nodes ?? 2);
    const targets = ports.map((port) => `127.0.0.1:${port}`);
    const pushpins = await all(options.pushpins ?? 1, (index) =>
      startPushpin({
        // Each prefers another node, so that with several the nodes share the work.
        targets: [...targets.slice(index % targets.length), ...targets.slice(0, index % targets.length)],
        sigKey: secrets.gripKey,
        logFile: join(dir, `pushpin-${index + 1}.log`),
        ...(options.pushpin === undefined ? {} : { config: options.pushpin }),
      }),
    );
    stops.push(...pushpins.map((pushpin) => () => pushpin.stop()));
    const publishUrls = pushpins.map((pushpin) => pushpin.publishUrl);
    const clientUrls = options.canary === true ? pushpins.map((pushpin) => pushpin.url) : undefined;
    const metricsPorts = pushpins.map(({ metricsUrl }) => new URL(metricsUrl).port);
    const env = {
      ...nodeEnvironment(secrets, redis.url, publishUrls, clientUrls, metricsPorts),
      ...options.env,
    };
    const nodes = await all(ports.length, (index) =>
      startNode({
        env: { ...env, ...options.envOf?.(index) },
        port: ports[index]!,
        logFile: join(dir, `holdfast-${index + 1}.log`),
        command: options.commands?.[index],
      }),
    );
    stops.push(() => Promise.all(nodes.map((node) => node.stop())));
    return assemble({ dir, redis, pushpins, nodes, secrets, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

function assemble(parts: Pick<Stack, 'dir' | 'redis' | 'pushpins' | 'nodes' | 'secrets' | 'stop'>): Stack {
  const admin: Stack['admin'] = (path, call = {}) =>
    fetch(`${(call.node ?? parts.nodes[0]!).url}${path}`, {
      method: call.method ?? (call.body === undefined ? 'GET' : 'POST'),
      headers: {
        authorization: `Bearer ${parts.secrets.adminToken}`,
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
  return {
    ...parts,
    url: parts.pushpins[0]?.url ?? parts.nodes[0]!.url,
    admin,
    createEnvironment: async (id = 1, settings = {}) => {
      const body = { projectId: '1', name: `environment ${id}`, ...settings };
      await jsonOf(await admin(`/admin/v1/environments/${id}`, { method: 'PUT', body }));
      return id;
    },
    createKey: async (environment = 1, kind = 'server') => {
      const answer = await admin(`/admin/v1/environments/${environment}/keys`, { body: { kind } });
      return (await jsonOf(answer)) as { id: string; key: string };
    },
    commit: async (environment, configs) => {
      const answer = await admin(`/admin/v1/environments/${environment}/changes`, { body: { configs } });
      return (await jsonOf(answer)) as Committed;
    },
  };
}

/** The body of an answer; an error with all of it when the status is not 2xx. */
async function jsonOf(answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}

/** Starts several at once. When one cannot be started, the others are ended before this rejects. */
async function all<T extends { stop(): Promise<unknown> }>(
  count: number,
  start: (index: number) => Promise<T>,
): Promise<T[]> {
  const results = await Promise.allSettled(Array.from({ length: count }, (_, index) => start(index)));
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await Promise.all(started.map((one) => one.stop()));
    throw failed.reason;
  }
  return started;
}

function folder(parent: string, name: string): string {
  const path = join(parent, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** Hexadecimal, because it also travels in URLs and in pushpin.conf. */
function random(): string {
  return randomBytes(32).toString('hex');
}
