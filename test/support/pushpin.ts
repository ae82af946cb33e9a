/** A private Pushpin: its own processes, folder and ports, with the configuration of pushpin/. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.js';
import { endProcess, killAll, startProcess, type RunningProcess } from './processes.js';
import {
  internalConfigPath,
  isLegacy,
  privateInternalConfig,
  pushpinConfig,
  pushpinRoutes,
  type PushpinOptions,
  type PushpinPlace,
} from './pushpin-config.js';
import { until } from './until.js';

export interface PushpinStart {
  /** The nodes, each `host:port`. Tried in this order. */
  readonly targets: readonly string[];
  /** The text of its routes; default: pushpin/routes, with the targets. */
  readonly routes?: string;
  /**
   * Signs Grip-Sig: letters and digits, as many as you like, or `file:` and the path of a private
   * key.
   */
  readonly sigKey: string;
  /** The issuer of Grip-Sig; default: what pushpin/pushpin.conf says. */
  readonly sigIss?: string;
  /** Options that differ from pushpin/pushpin.conf, by `section.option`. */
  readonly config?: PushpinOptions;
  /** Where it writes its log; default: a file in its folder. */
  readonly logFile?: string;
}

export interface Pushpin {
  /** Where clients connect, such as `http://127.0.0.1:12345`. */
  readonly url: string;
  /** Where items are published: `http://127.0.0.1:12346`, without `/publish/`. */
  readonly publishUrl: string;
  /** Its statistics in the text format of Prometheus. */
  readonly metricsUrl: string;
  /** The process that started the others. */
  readonly pid: number;
  /** All of its processes. */
  readonly pids: readonly number[];
  /** The folder of its configuration and sockets. */
  readonly dir: string;
  logs(): string;
  /** Publishes items as a GRIP publisher would; resolves to the status of the answer. */
  publish(items: readonly unknown[]): Promise<number>;
  /** Stops and starts it on the same ports. Every hold is lost. */
  restart(): Promise<void>;
  /** Ends it in order and removes its folder. */
  stop(): Promise<void>;
  /** Ends all its processes at once, as a crash would. `restart` brings it back. */
  kill(): Promise<void>;
}

/** The program; `PUSHPIN=/path/to/pushpin npm test -- test/e2e` tests another version. */
const PUSHPIN = process.env.PUSHPIN ?? 'pushpin';

/**
 * The time that Pushpin may take to end in order: each of its services has 4 s before it kills it.
 * Milliseconds.
 */
const STOP_TIMEOUT = 6_000;
const START_TIMEOUT = 15_000;

/** Starts a Pushpin; resolves when it proxies and takes items, after about 0.3 s. */
export async function startPushpin(options: PushpinStart): Promise<Pushpin> {
  const dir = mkdtempSync(join(tmpdir(), 'hf-pp-'));
  const logFile = options.logFile ?? join(dir, 'pushpin.log');
  const [httpPort = 0, publishPort = 0, metricsPort = 0] = await freePorts(3);
  configure(dir, { httpPort, publishPort, metricsPort }, options);
  const url = `http://127.0.0.1:${httpPort}`;
  const publishUrl = `http://127.0.0.1:${publishPort}`;
  let current = await launch(dir, logFile, url, publishUrl).catch((error: unknown) => {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  });

  const stopProcesses = async () => {
    if (!current.runner.hasEnded()) await endProcess(current.runner, 'SIGTERM', STOP_TIMEOUT);
    await killAll(current.pids);
  };
  return {
    url,
    publishUrl,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    dir,
    get pid() {
      return current.runner.pid;
    },
    get pids() {
      return current.pids;
    },
    logs: () => current.runner.logs(),
    publish: (items) => publish(publishUrl, items),
    restart: async () => {
      await stopProcesses();
      current = await launch(dir, logFile, url, publishUrl);
    },
    stop: async () => {
      await stopProcesses();
      rmSync(dir, { recursive: true, force: true });
    },
    kill: () => killAll(current.pids),
  };
}

interface Running {
  readonly runner: RunningProcess;
  readonly pids: readonly number[];
}

async function launch(dir: string, logFile: string, url: string, publishUrl: string): Promise<Running> {
  const runner = startProcess({
    command: PUSHPIN,
    args: ['--merge-output', `--config=${join(dir, 'pushpin.conf')}`],
    env: { PATH: process.env.PATH ?? '' },
    logFile,
    onOrphaned: 'SIGTERM',
  });
  try {
    await until('pushpin is ready', () => isReady(runner, url, publishUrl), {
      timeout: START_TIMEOUT,
      context: () => runner.tail(),
    });
  } catch (error) {
    await killAll([runner.pid, ...servicePids(dir)]);
    throw error;
  }
  return { runner, pids: [runner.pid, ...servicePids(dir)] };
}

/**
 * True when both ports work: a request is answered (502 while no node runs), an empty batch of
 * items is taken.
 */
async function isReady(runner: RunningProcess, url: string, publishUrl: string): Promise<boolean> {
  if (runner.hasEnded()) return false;
  if ((await publish(publishUrl, [])) !== 200) return false;
  // A request that comes before the proxy has connected to the connection manager gets no answer at
  // all; only one that has a route shows that the proxy reaches the handler.
  const answer = await fetch(`${url}/api/`, { signal: AbortSignal.timeout(500) });
  await answer.body?.cancel();
  return true;
}

async function publish(publishUrl: string, items: readonly unknown[]): Promise<number> {
  const answer = await fetch(`${publishUrl}/publish/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ items }),
    signal: AbortSignal.timeout(10_000),
  });
  await answer.body?.cancel();
  return answer.status;
}

/** Pushpin's services, each in a process group of its own, as their pid files name them. */
function servicePids(dir: string): number[] {
  return readdirSync(dir)
    .filter((file) => file.endsWith('.pid'))
    .map((file) => Number(readFileSync(join(dir, file), 'utf8')))
    .filter((pid) => pid > 1);
}

type Ports = Pick<PushpinPlace, 'httpPort' | 'publishPort' | 'metricsPort'>;

function configure(dir: string, ports: Ports, options: PushpinStart): void {
  const version = execFileSync(PUSHPIN, ['--version'], { encoding: 'utf8' });
  const place = { dir, ...ports, version, sigKey: options.sigKey, sigIss: options.sigIss };
  writeFileSync(join(dir, 'pushpin.conf'), pushpinConfig(place, options.config));
  writeFileSync(join(dir, 'routes'), options.routes ?? pushpinRoutes(options.targets));
  if (isLegacy(version)) {
    writeFileSync(
      internalConfigPath(dir),
      privateInternalConfig(readFileSync(installedInternalConfig(), 'utf8')),
    );
  }
}

function installedInternalConfig(): string {
  const places = ['/usr/lib/pushpin/internal.conf', '/usr/local/lib/pushpin/internal.conf'];
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`Pushpin's internal.conf is in none of ${places.join(', ')}`);
  return found;
}
