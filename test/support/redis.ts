/**
 * Real Redis servers for tests: single, behind a Sentinel, or a Cluster of one node. Each in a
 * temporary directory, on a free port of loopback, and gone with the test: by `stop()` in
 * `afterAll`, and with the process in any case.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisVersion } from '../../scripts/redis-versions.mjs';
import { freePort } from './ports.js';
import { endProcess, startProcess, type RunningProcess } from './processes.js';
import { until } from './until.js';

export interface RedisOptions {
  readonly port?: number;
  /** An existing directory, which is not removed. Default: a temporary one, which is. */
  readonly dir?: string;
  /**
   * Keep data over `kill()` and `restart()`; every write is on the disk before it is answered.
   * Default false.
   */
  readonly appendonly?: boolean;
  /** More arguments of redis-server. */
  readonly args?: readonly string[];
  /** The program. Default: the system's redis-server. */
  readonly program?: string;
}

/**
 * The servers that Holdfast promises to work with: the oldest, the system's, and the newest of the
 * other family.
 */
export const REDIS_PROGRAMS: readonly [name: string, program: string][] = [
  ['Redis 6.2', redisVersion('redis-6.2')],
  ['the installed Redis', 'redis-server'],
  ['Valkey 9', redisVersion('valkey-9')],
];

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  /** The id of the present process. */
  readonly pid: number;
  /** Ends the process in good order. Its directory stays until `stop()`. */
  halt(): Promise<void>;
  /** Ends the process immediately. */
  kill(): Promise<void>;
  /** Starts it again, ending it first if it runs, with what is in its directory. */
  restart(): Promise<void>;
  /** Ends the process, and removes its directory if it is a temporary one. */
  stop(): Promise<void>;
}

export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'holdfast-redis-')));
  const args = [
    ...['--port', `${port}`, '--dir', dir, '--bind', '127.0.0.1', '--save', '', '--loglevel', 'warning'],
    ...(options.appendonly === true ? ['--appendonly', 'yes', '--appendfsync', 'always'] : []),
    ...(options.args ?? []),
  ];
  const server = new Server({
    port,
    dir,
    temporary: options.dir === undefined,
    args,
    program: options.program,
  });
  await server.start();
  return server;
}

export interface SentinelSetup {
  readonly url: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  stop(): Promise<void>;
}

/**
 * A master, a replica, and one Sentinel that makes the replica master soon after the master has
 * died.
 *
 * @param config more lines of the Sentinel's configuration
 */
export async function startSentinel(config: readonly string[] = []): Promise<SentinelSetup> {
  const master = await startRedis();
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', `${master.port}`] });
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-sentinel-'));
  await writeFile(
    join(dir, 'sentinel.conf'),
    [
      `sentinel monitor holdfast 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds holdfast 500',
      'sentinel failover-timeout holdfast 2000',
      ...config,
    ].join('\n'),
  );
  const args = [join(dir, 'sentinel.conf'), '--sentinel', '--port', `${port}`, '--bind', '127.0.0.1'];
  const sentinel = new Server({ port, dir, temporary: true, args });
  await sentinel.start();
  await until('the replica is in step', async () =>
    (await ask(replica.port, 'INFO replication')).includes('master_link_status:up'),
  );
  await until('the Sentinel knows the replica', async () => {
    const answer = await ask(port, 'INFO sentinel');
    return answer.includes('slaves=1') || answer.startsWith('-NOAUTH');
  });
  return {
    url: `redis+sentinel://127.0.0.1:${port}/holdfast`,
    master,
    replica,
    stop: async () => {
      await sentinel.stop();
      await replica.stop();
      await master.stop();
    },
  };
}

/** A Cluster of one node that has all slots. */
export async function startCluster(): Promise<RedisServer> {
  // A node that has met no other does not know its address, and clients take no node without one.
  const server = await startRedis({
    args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
  });
  const slots = Array.from({ length: 16_384 }, (_, slot) => slot).join(' ');
  await ask(server.port, `CLUSTER ADDSLOTS ${slots}`);
  await until('the Cluster is up', async () =>
    (await ask(server.port, 'CLUSTER INFO')).includes('cluster_state:ok'),
  );
  return Object.assign(server, { url: `redis+cluster://127.0.0.1:${server.port}` });
}

interface ServerOptions {
  readonly port: number;
  readonly dir: string;
  /** The directory goes with the server. */
  readonly temporary: boolean;
  readonly args: readonly string[];
  readonly program?: string | undefined;
}

class Server implements RedisServer {
  url: string;
  readonly port: number;
  readonly dir: string;
  readonly #temporary: boolean;
  readonly #args: readonly string[];
  readonly #program: string;
  #process: RunningProcess | undefined;

  constructor({ port, dir, temporary, args, program = 'redis-server' }: ServerOptions) {
    this.url = `redis://127.0.0.1:${port}`;
    this.port = port;
    this.dir = dir;
    this.#temporary = temporary;
    this.#args = args;
    this.#program = program;
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error('redis-server does not run');
    return this.#process.pid;
  }

  async start(): Promise<void> {
    const running = startProcess({
      command: this.#program,
      args: this.#args,
      env: { PATH: process.env.PATH ?? '' },
      logFile: join(this.dir, 'redis-server.log'),
      onOrphaned: 'SIGKILL',
    });
    this.#process = running;
    await until(
      'redis-server answers',
      async () => running.hasEnded() || /^(\+PONG|-NOAUTH)/.test(await ask(this.port, 'PING')),
      { context: () => running.tail() },
    );
    if (running.hasEnded()) throw new Error(`redis-server ended immediately:\n${running.tail()}`);
  }

  halt(): Promise<void> {
    return this.#end('SIGTERM');
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.halt();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.kill();
    if (this.#temporary) await rm(this.dir, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running !== undefined && !running.hasEnded()) await endProcess(running, signal, 10_000);
  }
}

/**
 * Sends a command and gives the first part of the answer; empty when there is none. For what needs
 * no client.
 */
export function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (answer: string) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => finish(''));
    socket.once('error', () => finish(''));
    // A server that ends may close a connection without a word.
    socket.once('close', () => finish(''));
    socket.once('data', (data) => finish(data.toString()));
    socket.write(encodeCommand(command));
  });
}

function encodeCommand(command: string): string {
  const parts = command.split(' ');
  return `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;
}
