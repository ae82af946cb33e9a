/** Bodies that are too large or not wanted: they are answered, and then not read on. */
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, basic } from '../support/app.js';
import { sharedApp, sharedEnvironment } from '../support/shared.js';

const MIB = 1024 * 1024;
/**
 * The largest limit of a body, what is read after an answer, and what fills the buffers of both
 * sockets.
 */
const READ_AT_MOST = 12 * MIB;

const app = sharedApp();
const environment = sharedEnvironment(app);

interface Outcome {
  readonly answer: string;
  /** Bytes that the server took from its socket. */
  readonly read: number;
}

/**
 * Sends a head and then a body without end, as fast as it is taken, until the connection is closed.
 */
async function pour(head: string, framing: string): Promise<Outcome> {
  let peer: Socket | undefined;
  app.server.once('connection', (socket) => (peer = socket));
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (part: Buffer) => (answer += part.toString('latin1')));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(`${head}Host: x\r\n${framing}\r\n\r\n`);
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const framed =
    framing === CHUNKED ? Buffer.concat([Buffer.from('10000\r\n'), chunk, Buffer.from('\r\n')]) : chunk;
  const send = (): void => {
    while (!socket.destroyed && socket.write(framed));
  };
  socket.on('drain', send);
  send();
  await closed;
  return { answer, read: peer!.bytesRead };
}

const CHUNKED = 'Transfer-Encoding: chunked';
const LENGTH = `Content-Length: ${3 * 1024 * MIB}`;

describe.each([CHUNKED, LENGTH])('a body without end (%s)', (framing) => {
  it.each<[string, () => string, number]>([
    [
      'a report',
      () => `POST /api/v1/telemetry HTTP/1.1\r\nAuthorization: ${basic(environment.key)}\r\n`,
      413,
    ],
    [
      'an evaluation',
      () => `POST /ofrep/v1/evaluate/flags HTTP/1.1\r\nX-API-Key: ${environment.key}\r\n`,
      413,
    ],
    [
      'a change',
      () =>
        `POST /admin/v1/environments/${environment.id}/changes HTTP/1.1\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n`,
      413,
    ],
    [
      'settings',
      () => `PUT /admin/v1/environments/9 HTTP/1.1\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n`,
      413,
    ],
    ['no credential', () => 'POST /ofrep/v1/evaluate/flags HTTP/1.1\r\n', 401],
    ['no route', () => 'POST /nothing HTTP/1.1\r\n', 404],
    ['a method without a body', () => 'GET /livez HTTP/1.1\r\n', 200],
  ])('a body without end of %s is answered and not read on', async (_, head, status) => {
    const { answer, read } = await pour(head(), framing);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(read).toBeLessThan(READ_AT_MOST);
  });
});

describe('a connection', () => {
  it('a connection can be used again after a body that was refused and is short', async () => {
    const agent = { connection: 'keep-alive' };
    for (let i = 0; i < 3; i++) {
      const answer = await fetch(`${app.url}/ofrep/v1/evaluate/flags`, {
        method: 'POST',
        headers: agent,
        body: 'x'.repeat(100_000),
      });
      expect([answer.status, await answer.json()]).toMatchObject([401, { errorCode: 'GENERAL' }]);
    }
  });
});
