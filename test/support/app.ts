/**
 * The real app on a real file store in a folder of its own, in this process. Only the clock and
 * chance are the test's.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import request, { type Response, type Test } from 'supertest';
import type TestAgent from 'supertest/lib/agent.js';
import { sleep } from '../../src/core/clock.js';
import { buildNode, type BuiltNode } from '../../src/app/build/node.js';
import { readNodeSettings } from '../../src/config/node.js';
import { CONNECTION_LIMITS, createHttpServer, type ConnectionLimits } from '../../src/http/server.js';
import { createLog } from '../../src/observe/log.js';
import type { Config } from '../../src/ruleset/model.js';
import { historyLimits } from '../../src/store/history.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { openSse, type SseConnection } from './sse.js';
import { until } from './until.js';

export const ADMIN_TOKEN = 'admin-token-of-the-tests';
export const LINK_SECRET = 'signs the recovery links of the tests';
const ISSUER = 'pushpin';
/** Pushpin signs with it. */
export const GRIP_KEY = 'shared by the proxy and the node';
export const GRIP_URL = `http://127.0.0.1:5561/?iss=${ISSUER}&key=${encodeURIComponent(GRIP_KEY)}`;
/** Seconds; not the default, so that a test sees that the setting counts. */
export const STALENESS = 100;
export const KEEP_ALIVE_SECONDS = 25;

export interface TestAppOptions {
  /** Settings, by the names of their variables; they replace those of this file. */
  readonly env?: Readonly<Record<string, string>>;
  /** Signs recovery links. Default: the same for all apps, as for the nodes of one installation. */
  readonly secret?: string;
  /** Replace those of a real node. */
  readonly limits?: Partial<ConnectionLimits>;
  /** Default: `serving`. */
  readonly phase?: 'starting' | 'serving';
}

export interface TestApp extends BuiltNode {
  readonly http: TestAgent<Test>;
  readonly server: Server;
  readonly url: string;
  readonly store: Store;
  /**
   * Milliseconds that the node's clocks are ahead of this machine's, and what it draws in place of
   * a random number.
   */
  readonly clock: { ahead: number; random: number | undefined };
  /** The node's log lines since the list was last emptied. */
  readonly logs: LogLine[];
  /** A call with the admin token. */
  admin(method: 'get' | 'put' | 'post' | 'delete', path: string): Test;
  /** A new environment with a server key. */
  environment(settings?: EnvironmentSettings): Promise<TestEnvironment>;
  /**
   * The value of one series, such as `holdfast_commits_total` or `x_total{a="b"}`; 0 when there is
   * none.
   */
  metric(series: string): Promise<number>;
  /** Closes the streams that `open` opened, and waits until the node has seen it. */
  closeStreams(): Promise<void>;
  close(): Promise<void>;
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [name: string]: unknown;
}

export interface EnvironmentSettings {
  readonly projectId?: string;
  readonly name?: string;
  readonly defaultContext?: object;
}

/** A list makes one header line of each of its texts; an empty text leaves the header out. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

export interface TestEnvironment {
  readonly id: string;
  readonly key: string;
  readonly keyId: string;
  /** Issues a key of kind client. */
  clientKey(): Promise<{ readonly id: string; readonly key: string }>;
  /** Commits a change; rejects when it is not accepted. */
  commit(...configs: Config[]): Promise<CommitBody>;
  /** POST of a change; text and bytes are sent as they are, anything else as JSON. */
  change(body: unknown, headers?: Headers): Test;
  /** GET of the stream with the key, through a proxy unless `headers` say otherwise. */
  subscribe(headers?: Headers): Promise<Response>;
  /** The recovery link as a proxy fetches it, by its path, for a hold that stands at `version`. */
  recover(path: string, version: string, headers?: Headers): Promise<Response>;
  /** A direct subscription that stays open; closed by `closeStreams`. */
  open(headers?: Readonly<Record<string, string>>): Promise<SseConnection>;
}

export interface CommitBody {
  readonly previous: string;
  readonly version: string;
  readonly configs: readonly { readonly key: string; readonly id: string }[];
}

export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const directory = await mkdtemp(join(tmpdir(), 'hf-app-'));
  const logs: LogLine[] = [];
  const log = createLog('trace', { write: (line) => void logs.push(JSON.parse(line) as LogLine) });
  const settings = readNodeSettings({
    GRIP_URL,
    HOLDFAST_STORE: `file:${directory}`,
    HOLDFAST_STALENESS: `${STALENESS}`,
    HOLDFAST_KEEPALIVE: `${KEEP_ALIVE_SECONDS}`,
    ...options.env,
  });
  const store = await openStore(settings.store, { log, history: historyLimits(settings.history) });
  const clock: TestApp['clock'] = { ahead: 0, random: undefined };
  const secrets = {
    adminTokens: settings.adminTokens ?? [ADMIN_TOKEN],
    linkSecrets: settings.linkSecrets ?? [options.secret ?? LINK_SECRET],
  };
  const nodeClock = {
    now: () => Date.now() + clock.ahead,
    monotonic: () => performance.now() + clock.ahead,
    random: () => clock.random ?? Math.random(),
    sleep,
  };
  const node = buildNode({ settings, secrets, store, log, clock: nodeClock });
  await node.replica.start();
  node.enter(options.phase ?? 'serving');
  const server = createHttpServer(node.app, { ...CONNECTION_LIMITS, ...options.limits });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const http = request(url);
  const admin: TestApp['admin'] = (method, path) =>
    http[method](`/admin/v1${path}`).auth(ADMIN_TOKEN, { type: 'bearer' });
  const streams: SseConnection[] = [];
  let environments = 0;
  return {
    ...node,
    http,
    server,
    url,
    store,
    clock,
    logs,
    admin,
    environment: (given = {}) => makeEnvironment({ admin, http, url, streams }, `${++environments}`, given),
    metric: async (series) => metricOf((await http.get('/metrics')).text, series),
    closeStreams: async () => {
      for (const stream of streams.splice(0)) stream.close();
      await until('the node has seen that its clients are gone', () => node.directHolds.size === 0);
    },
    close: async () => {
      for (const stream of streams) stream.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await node.replica.stop();
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
}

interface Reach extends Pick<TestApp, 'admin' | 'http' | 'url'> {
  readonly streams: SseConnection[];
}

async function makeEnvironment(
  { admin, http, url, streams }: Reach,
  id: string,
  settings: EnvironmentSettings,
): Promise<TestEnvironment> {
  await admin('put', `/environments/${id}`)
    .send({ projectId: '1', name: `environment ${id}`, ...settings })
    .expect(201);
  const issued = await admin('post', `/environments/${id}/keys`).send({ kind: 'server' }).expect(201);
  const { id: keyId, key } = issued.body as { id: string; key: string };
  return {
    id,
    key,
    keyId,
    clientKey: async () => {
      const issued = await admin('post', `/environments/${id}/keys`).send({ kind: 'client' }).expect(201);
      return issued.body as { id: string; key: string };
    },
    commit: async (...configs) =>
      (await admin('post', `/environments/${id}/changes`).send({ configs }).expect(200)).body as CommitBody,
    change: (body, headers = {}) => {
      const sent = { 'content-type': 'application/json', ...headers };
      const test = withHeaders(admin('post', `/environments/${id}/changes`), sent);
      const raw = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
      // The type knows no bytes, and without a serializer of its own it would make JSON of them.
      return test.serialize((bytes) => bytes as string).send(raw as string);
    },
    subscribe: async (headers = {}) => {
      const sent = { authorization: basic(key), 'grip-sig': await sign(), ...headers };
      return withHeaders(http.get('/api/v1/sse/config'), sent);
    },
    recover: async (path, version, headers = {}) => {
      const sent = { 'grip-sig': await sign(), 'grip-last': gripLast(id, version, keyId), ...headers };
      return withHeaders(http.get(path), sent);
    },
    open: async (headers = {}) => {
      const stream = await openSse(`${url}/api/v1/sse/config`, { key, headers });
      streams.push(stream);
      return stream;
    },
  };
}

function withHeaders(test: Test, headers: Headers): Test {
  for (const [name, value] of Object.entries(headers)) {
    // The type says that a list is for cookies only; node:http sends one for any name.
    if (value !== '') test.set(name, value as string);
  }
  return test;
}

/** The two `Grip-Last` header lines that a proxy sends for a hold. */
export function gripLast(environment: string, version: string, keyId: string): string[] {
  return [`environment-${environment}; last-id=${version}`, `key-${keyId}; last-id=0`];
}

/** The value of an `Authorization` header. The user name does not matter; each SDK has another. */
export function basic(key: string, user = 'authuser'): string {
  return `Basic ${Buffer.from(`${user}:${key}`).toString('base64')}`;
}

export interface SignOptions {
  /** `undefined` leaves a claim out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: Parameters<SignJWT['sign']>[0];
  readonly algorithm?: string;
}

/** A `Grip-Sig`: by default as Pushpin makes it, good for an hour. */
export function sign(options: SignOptions = {}): Promise<string> {
  const { claims, key = Buffer.from(GRIP_KEY), algorithm = 'HS256' } = options;
  return new SignJWT({ iss: ISSUER, exp: inSeconds(3600), ...claims })
    .setProtectedHeader({ typ: 'JWT', alg: algorithm })
    .sign(key);
}

/** A moment from now, in seconds since 1970. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

function metricOf(text: string, series: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}
