/** Other servers that take published messages, for commit.ts. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../test/support/ports.js';
import { endProcess } from '../test/support/processes.js';
import { requestText } from './peers/raw-http.js';
import { startServer } from './peers/start-server.js';

/** A server that takes changes over HTTP. */
export interface CommitPeer {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** The request of a writer. */
  readonly request: (writer: number) => string;
  readonly stop: () => Promise<unknown>;
}

const SECRET = 'signs the tokens of this comparison, and is long enough';

/** Starts Mercure with its history in a file of bbolt, which is on the disk before the answer. */
export async function mercureOnDisk(): Promise<CommitPeer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'hf-commit-'));
  writeFileSync(
    join(folder, 'Caddyfile'),
    `{
      auto_https off
      admin off
    }
    http://127.0.0.1:${port} {
      mercure {
        transport bolt {
          path ${folder}/updates.db
        }
        publisher_jwt "${SECRET}"
        subscriber_jwt "${SECRET}"
        anonymous
        protocol_version_compatibility 8
      }
    }\n`,
  );
  const args = ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'];
  const running = await startServer('Mercure', { command: 'mercure', args, folder, port });
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { exp: Math.ceil(Date.now() / 1000) + 3600, mercure: { publish: ['*'] } };
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  const token = `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/x-www-form-urlencoded' };
  const bodyOf = (writer: number): string =>
    new URLSearchParams({ topic: `environment-${writer}`, data: 'x'.repeat(300) }).toString();
  return {
    name: 'Mercure, bbolt',
    pid: running.pid,
    port,
    request: (writer) => requestText(port, 'POST /.well-known/mercure', headers, bodyOf(writer)),
    stop: () => endProcess(running, 'SIGTERM', 20_000),
  };
}

/** Starts Centrifugo with its history in a Redis; its answer comes after Redis has the message. */
export async function centrifugo(redisUrl: string): Promise<CommitPeer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'hf-commit-'));
  const config = {
    http_server: { port },
    http_api: { key: 'the-key-of-this-measurement' },
    engine: { type: 'redis', redis: { address: redisUrl } },
    channel: { without_namespace: { history_size: 1_000, history_ttl: '1h' } },
    log: { level: 'error' },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const args = ['--config', join(folder, 'config.json')];
  const running = await startServer('Centrifugo', { command: 'centrifugo', args, folder, port });
  const headers = { 'Content-Type': 'application/json', 'X-API-Key': 'the-key-of-this-measurement' };
  return {
    name: 'Centrifugo, Redis',
    pid: running.pid,
    port,
    request: (writer) =>
      requestText(
        port,
        'POST /api/publish',
        headers,
        JSON.stringify({ channel: `environment-${writer}`, data: { text: 'x'.repeat(300) } }),
      ),
    stop: () => endProcess(running, 'SIGTERM', 20_000),
  };
}
