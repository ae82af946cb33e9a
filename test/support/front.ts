/** A private nginx, HAProxy or Caddy with the configuration of examples/front/, before a Pushpin. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from './ports.js';
import { endProcess, startProcess } from './processes.js';
import { until } from './until.js';

/** The servers for which examples/front/ has a file. */
export const FRONTS = ['nginx', 'haproxy', 'caddy'] as const;

export type FrontName = (typeof FRONTS)[number];

export interface Front {
  /** Where clients connect, such as `http://127.0.0.1:12345`. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Debian has two of them where only root looks for programs. */
const PATH = [process.env.PATH ?? '', '/usr/sbin', '/usr/local/sbin'].join(delimiter);
const STOP_TIMEOUT = 5_000;
/** The folders in which nginx keeps what does not fit into memory; Debian's are for root. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/**
 * Starts a server; resolves when it answers. Only ports, folders and its size differ from the file
 * in examples/front/.
 */
export async function startFront(name: FrontName, pushpinUrl: string): Promise<Front> {
  const dir = mkdtempSync(join(tmpdir(), `hf-${name}-`));
  const port = await freePort();
  const file = join(dir, 'front.conf');
  const { config, args } = PROGRAMS[name];
  writeFileSync(file, config(port, new URL(pushpinUrl).host, dir));
  const running = startProcess({
    command: name,
    args: args(file, dir),
    env: { PATH, HOME: dir },
    logFile: join(dir, 'front.log'),
    onOrphaned: 'SIGTERM',
  });
  const url = `http://127.0.0.1:${port}`;
  await until(`${name} answers`, async () => (await fetch(url)).status === 404, {
    context: () => running.tail(),
  });
  return {
    url,
    port,
    stop: async () => {
      await endProcess(running, 'SIGTERM', STOP_TIMEOUT);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface FrontProgram {
  readonly config: (port: number, pushpin: string, dir: string) => string;
  readonly args: (file: string, dir: string) => readonly string[];
}

const PROGRAMS: Readonly<Record<FrontName, FrontProgram>> = {
  nginx: { config: nginxConfig, args: (file, dir) => ['-c', file, '-p', dir, '-g', 'daemon off;'] },
  haproxy: { config: haproxyConfig, args: (file) => ['-db', '-f', file] },
  caddy: { config: caddyConfig, args: (file) => ['run', '--adapter', 'caddyfile', '--config', file] },
};

function nginxConfig(port: number, pushpin: string, dir: string): string {
  // Workers of an nginx that root starts run as another user.
  chmodSync(dir, 0o755);
  const folders = TEMPORARY.map((kind) => {
    mkdirSync(join(dir, kind), { mode: 0o777 });
    chmodSync(join(dir, kind), 0o777);
    return `${kind}_temp_path ${join(dir, kind)};`;
  });
  return replaced(readExample('nginx.conf'), {
    '/run/nginx.pid': join(dir, 'nginx.pid'),
    'worker_processes auto': 'worker_processes 1',
    'http {': `http { ${folders.join(' ')}`,
    'listen 8000': `listen 127.0.0.1:${port}`,
    'server 127.0.0.1:7999': `server ${pushpin}`,
  });
}

function haproxyConfig(port: number, pushpin: string): string {
  return replaced(readExample('haproxy.cfg'), {
    'maxconn 20000': 'maxconn 1000', // it needs two open files for each
    'bind :8000': `bind 127.0.0.1:${port}`,
    'server pushpin 127.0.0.1:7999': `server pushpin ${pushpin}`,
  });
}

function caddyConfig(port: number, pushpin: string): string {
  return replaced(readExample('Caddyfile'), {
    '\n:8000 {': `\nhttp://127.0.0.1:${port} {`,
    'reverse_proxy 127.0.0.1:7999': `reverse_proxy ${pushpin}`,
  });
}

function readExample(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../examples/front', name), 'utf8');
}

/** Replaces each text, which must be there. */
function replaced(text: string, by: Readonly<Record<string, string>>): string {
  return Object.entries(by).reduce((all, [from, to]) => {
    if (!all.includes(from)) throw new Error(`examples/front has no ${from}`);
    return all.replace(from, to);
  }, text);
}
