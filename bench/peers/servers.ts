/**
 * The servers that are compared, each as its documentation starts it, without logs of requests.
 * Programs are found on the PATH; Nchan's module where Debian puts it, or at NCHAN_MODULE.
 */
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode } from '../../test/support/node.js';
import { freePort } from '../../test/support/ports.js';
import { endProcess } from '../../test/support/processes.js';
import { requestText } from './raw-http.js';
import { startServer } from './start-server.js';

/** A server that is compared. */
export interface Peer {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  stop(): Promise<unknown>;
}

/** One that evaluates a flag over OFREP. */
export interface OfrepPeer extends Peer {
  /** The request for the flag with that number. */
  ask(flag: number): string;
}

/** One that holds streams. */
export interface StreamPeer extends Peer {
  readonly subscribe: string;
  /** Publishes a payload of about 330 bytes; returns a text that is in each client's event. */
  publish(send: (marker: string) => Promise<void>): Promise<void>;
}

/** Returns why a peer cannot be had, or undefined. */
export function missing(program: string): string | undefined {
  return spawnSync('which', [program]).status === 0 ? undefined : `${program} is not on the PATH`;
}

const NCHAN = process.env.NCHAN_MODULE ?? '/usr/lib/nginx/modules/ngx_nchan_module.so';

/** As `missing`, for Nchan. */
export function missingNchan(): string | undefined {
  return existsSync(NCHAN) ? missing('nginx') : `there is no ${NCHAN} (Debian: libnginx-mod-nchan)`;
}

const CONTEXT = { targetingKey: 'user-123', country: 'DE', email: 'a@b.example', plan: 'pro', beta: true };
const QUESTION = JSON.stringify({ context: CONTEXT });

function asking(port: number, headers: Readonly<Record<string, string>> = {}): OfrepPeer['ask'] {
  return (flag) =>
    requestText(
      port,
      `POST /ofrep/v1/evaluate/flags/bench.flag.${flag}`,
      { 'Content-Type': 'application/json', ...headers },
      QUESTION,
    );
}

/** Starts a server as a process of its own. */
export async function start(
  name: string,
  command: string,
  args: readonly string[],
  port: number,
): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-peer-'));
  const running = await startServer(name, { command, args, folder, port });
  return { name, pid: running.pid, port, stop: () => endProcess(running, 'SIGTERM', 20_000) };
}

/** Writes a file in a folder of its own; returns its path. */
export function fileOf(name: string, content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'hf-peer-')), name);
  writeFileSync(path, content);
  return path;
}

const ADMIN_TOKEN = 'the-admin-token-of-this-comparison';

/** A flag that is on in two countries. */
function flagConfig(flag: number, on = true): Record<string, unknown> {
  const criterion = {
    propertyName: 'user.country',
    operator: 'PROP_IS_ONE_OF',
    valueToMatch: { stringList: { values: ['DE', 'FR'] } },
  };
  const values = [{ criteria: [criterion], value: { bool: on } }, { value: { bool: false } }];
  return {
    key: `bench.flag.${flag}`,
    configType: 'FEATURE_FLAG',
    valueType: 'BOOL',
    sendToClientSdk: true,
    rows: [{ values }],
  };
}

/** A node in place of the compiled one with its defaults. */
export interface HoldfastVariant {
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The arguments of node in place of `dist/main.js serve`. */
  readonly command?: readonly string[];
}

/** Starts Holdfast on its embedded store, with that many flags. */
export async function holdfast(
  flags: number,
  { name = 'Holdfast', env = {}, command }: HoldfastVariant = {},
): Promise<OfrepPeer & StreamPeer> {
  const node = await startNode({
    command,
    env: {
      HOLDFAST_STORE: `file:${mkdtempSync(join(tmpdir(), 'hf-peer-'))}`,
      HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN,
      HOLDFAST_SECRET: 'signs-the-tokens-of-this-comparison',
      HOLDFAST_EXAMPLES: 'off',
      HOLDFAST_DRAIN: '0',
      ...env,
    },
  });
  const admin = async (method: string, path: string, body: unknown): Promise<{ key: string }> => {
    const answer = await fetch(`${node.url}/admin/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()) as { key: string };
  };
  await admin('PUT', '/environments/1', { projectId: '1', name: 'bench' });
  const configs = Array.from({ length: flags }, (_, flag) => flagConfig(flag));
  await admin('POST', '/environments/1/changes', { configs });
  const { key: server } = await admin('POST', '/environments/1/keys', { kind: 'server' });
  const { key: client } = await admin('POST', '/environments/1/keys', { kind: 'client' });
  let on = true;
  return {
    name,
    pid: node.pid,
    port: node.port,
    stop: () => node.stop(),
    ask: asking(node.port, { 'X-API-Key': client }),
    subscribe: requestText(node.port, 'GET /api/v1/sse/config', {
      Authorization: `Basic ${Buffer.from(`u:${server}`).toString('base64')}`,
      Accept: 'text/event-stream',
    }),
    publish: async (send) => {
      on = !on;
      const id = `${Date.now()}999`;
      await Promise.all([
        send(`id: ${id}`),
        admin('POST', '/environments/1/changes', { configs: [{ ...flagConfig(0, on), id }] }),
      ]);
    },
  };
}

/** Starts flagd with that many flags in a file. */
export async function flagd(flags: number): Promise<OfrepPeer> {
  const rule = { if: [{ in: [{ var: 'country' }, ['DE', 'FR']] }, 'on', 'off'] };
  const flag = {
    state: 'ENABLED',
    variants: { on: true, off: false },
    defaultVariant: 'off',
    targeting: rule,
  };
  const all = Object.fromEntries(Array.from({ length: flags }, (_, i) => [`bench.flag.${i}`, flag]));
  const file = fileOf('flags.json', JSON.stringify({ flags: all }));
  const port = await freePort(3);
  const ports = ['--ofrep-port', `${port}`, '--port', `${port + 1}`, '--management-port', `${port + 2}`];
  const peer = await start('flagd', 'flagd', ['start', ...ports, '--uri', `file:${file}`], port);
  return { ...peer, ask: asking(port) };
}

/** Starts go-feature-flag's relay with that many flags in a file. */
export async function goFeatureFlag(flags: number): Promise<OfrepPeer> {
  const flag = {
    variations: { on: true, off: false },
    targeting: [{ query: 'country in ["DE","FR"]', variation: 'on' }],
    defaultRule: { variation: 'off' },
  };
  const all = Object.fromEntries(Array.from({ length: flags }, (_, i) => [`bench.flag.${i}`, flag]));
  const path = fileOf('flags.json', JSON.stringify(all));
  const port = await freePort();
  const settings = {
    server: { mode: 'http', port },
    pollingInterval: 600_000,
    fileFormat: 'json',
    logLevel: 'error',
    retrievers: [{ kind: 'file', path }],
  };
  // YAML has JSON in it.
  const config = fileOf('relay.yaml', JSON.stringify(settings));
  const peer = await start('go-feature-flag relay', 'relayproxy', ['--config', config], port);
  return { ...peer, ask: asking(port) };
}

/** Publishes by a request whose body has the text. */
export function publishing(url: string, form: (text: string) => string, headers: Record<string, string>) {
  let next = 0;
  return async (send: (marker: string) => Promise<void>): Promise<void> => {
    const marker = `change-${next++}-`;
    const body = form(marker.padEnd(330, 'x'));
    const posted = fetch(url, { method: 'POST', body, headers }).then(async (answer) => {
      if (!answer.ok) throw new Error(await answer.text());
    });
    await Promise.all([send(marker), posted]);
  };
}

/** Starts a server that does the least that one on Node can do. */
export async function bareNode(): Promise<OfrepPeer & StreamPeer> {
  const port = await freePort();
  const program = join(import.meta.dirname, 'bare-node.mjs');
  const peer = await start('Node itself', process.execPath, [program, `${port}`], port);
  return {
    ...peer,
    ask: asking(port),
    subscribe: requestText(port, 'GET /', { Accept: 'text/event-stream' }),
    publish: publishing(`http://127.0.0.1:${port}/publish`, (text) => text, {}),
  };
}

/** Starts nginx with Nchan, one worker. */
export async function nchan(): Promise<StreamPeer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'hf-peer-'));
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const config = fileOf(
    'nginx.conf',
    `load_module ${NCHAN}; worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error;
    worker_rlimit_nofile 30000; events { worker_connections 20000; }
    http { access_log off; ${paths.join(' ')}
      server { listen 127.0.0.1:${port};
        location = /subscribe { nchan_subscriber eventsource; nchan_channel_id bench; }
        location = /publish { nchan_publisher; nchan_channel_id bench; } } }`,
  );
  const peer = await start('Nchan', 'nginx', ['-c', config], port);
  return {
    ...peer,
    subscribe: requestText(port, 'GET /subscribe', { Accept: 'text/event-stream' }),
    publish: publishing(`http://127.0.0.1:${port}/publish`, (text) => text, { 'content-type': 'text/plain' }),
  };
}

const MERCURE_SECRET = 'signs the tokens of this comparison, and is long enough';

/** Starts a Mercure hub (Caddy). */
export async function mercure(): Promise<StreamPeer> {
  const port = await freePort();
  const caddyfile = fileOf(
    'Caddyfile',
    `{
      auto_https off
      admin off
    }
    http://127.0.0.1:${port} {
      mercure {
        publisher_jwt "${MERCURE_SECRET}"
        subscriber_jwt "${MERCURE_SECRET}"
        anonymous
        protocol_version_compatibility 8
      }
    }\n`,
  );
  const peer = await start(
    'Mercure',
    'mercure',
    ['run', '--config', caddyfile, '--adapter', 'caddyfile'],
    port,
  );
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ exp: Math.ceil(Date.now() / 1000) + 3600, mercure: { publish: ['*'] } })}`;
  const token = `${signed}.${createHmac('sha256', MERCURE_SECRET).update(signed).digest('base64url')}`;
  const url = `http://127.0.0.1:${port}/.well-known/mercure`;
  return {
    ...peer,
    subscribe: requestText(port, 'GET /.well-known/mercure?topic=bench', { Accept: 'text/event-stream' }),
    publish: publishing(url, (text) => new URLSearchParams({ topic: 'bench', data: text }).toString(), {
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-www-form-urlencoded',
    }),
  };
}
