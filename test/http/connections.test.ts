/** The bound of a port's connections, and the counts of those that it cuts, over sockets. */
import type { AddressInfo } from 'node:net';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  boundConnections,
  connectionBounds,
  holdsWithin,
  type CutReason,
} from '../../src/http/connections.js';
import { CONNECTION_LIMITS, createHttpServer } from '../../src/http/server.js';
import { until } from '../support/until.js';

const LIMITS = { ...CONNECTION_LIMITS, headers: 200, request: 400, check: 20, stalled: 500, idle: 100 };
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

interface Port {
  readonly cuts: CutReason[];
  /** Connects, says something, and keeps what it hears. */
  readonly client: (text: string, reads?: boolean) => { heard: string; readonly socket: Socket };
}

/** A server that answers 8 MiB, or as much as is asked for by the path. */
async function open(most: number, limits = LIMITS): Promise<Port> {
  const server = createHttpServer((request, response) => {
    const size = Number(request.url?.slice(1));
    request.resume().on('end', () => response.end(Buffer.alloc(size)));
  }, limits);
  const cuts: CutReason[] = [];
  boundConnections(server, most, (reason) => cuts.push(reason));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo;
  const client: Port['client'] = (text, reads = true) => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    const made = { heard: '', socket };
    if (reads) socket.on('data', (part: Buffer) => (made.heard += part.toString('latin1')));
    socket.write(text);
    cleanups.push(() => socket.destroy());
    return made;
  };
  return { cuts, client };
}

describe('connections that a port cuts', () => {
  it.each<[CutReason, string]>([
    ['malformed', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['malformed', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001'],
    ['malformed', 'GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n'],
    ['too_large', `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['too_large', `GET / HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(20_000)}\r\n`],
    ['slow', ''],
    ['slow', 'GET / HTTP/1.1\r\nHost: x\r\n'],
    ['slow', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\na'],
  ])('a connection that is cut as %s is counted once, whatever follows', async (reason, text) => {
    const { cuts, client } = await open(Infinity);
    const { socket } = client(text);
    await until('it is cut', () => socket.destroyed);
    expect(cuts).toEqual([reason]);
  });

  it('a client that takes nothing of its answer is counted as stalled, and an idle one is not', async () => {
    const { cuts, client } = await open(Infinity);
    const idle = client('GET /1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('the idle one is closed', () => idle.socket.destroyed);
    expect(cuts).toEqual([]);
    client('GET /50000000 HTTP/1.1\r\nHost: x\r\n\r\n', false);
    await until('the other is cut', () => cuts.length > 0);
    expect(cuts).toEqual(['stalled']);
  });

  it('a client that goes away in its headers or its body is not counted', async () => {
    const { cuts, client } = await open(Infinity);
    client('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\na').socket.resetAndDestroy();
    client('GET / HT').socket.destroy();
    const after = client('GET /1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('a later one is answered', () => after.heard.includes('200 OK'));
    expect(cuts).toEqual([]);
  });
});

describe('the bound of connections', () => {
  const patient = { ...LIMITS, headers: 60_000, request: 60_000, idle: 60_000 };

  it('a port that is nearly full of idle connections closes them, and answers a new client', async () => {
    const { cuts, client } = await open(10, patient);
    const idle = Array.from({ length: 9 }, () => client(GET));
    await until('all are answered', () => idle.every(({ heard }) => heard.includes('200 OK')));
    const fresh = Array.from({ length: 5 }, () => client(GET));
    await until('the new ones are answered', () => fresh.every(({ heard }) => heard.includes('200 OK')));
    expect(cuts.filter((reason) => reason === 'idle').length).toBeGreaterThan(0);
    expect(cuts).not.toContain('full');
  });

  it('a port that is full of unfinished requests refuses a new client and counts it, and takes one when there is room', async () => {
    const { cuts, client } = await open(10, patient);
    const unfinished = Array.from({ length: 10 }, () => client('GET / HTTP/1.1\r\nHost: x\r\n'));
    await until('all are connected', () => unfinished.every(({ socket }) => !socket.connecting));
    const refused = client(GET);
    await until('it is refused', () => refused.socket.destroyed);
    expect(cuts).toEqual(['full']);
    unfinished[0]!.socket.destroy();
    await until('a new one is answered', () => {
      const next = client(GET);
      return until('it ends', () => next.socket.destroyed || next.heard.includes('200')).then(() =>
        next.heard.includes('200 OK'),
      );
    });
  });

  it.each([
    [256, true, { clients: 168, operators: 24 }],
    [256, false, { clients: 192, operators: 24 }],
    [1_024, true, { clients: 672, operators: 96 }],
    [1_048_576, true, { clients: 1_047_040, operators: 1_024 }],
    [undefined, true, { clients: Infinity, operators: Infinity }],
  ])(
    'the bounds of ports leave some of %s open files to the process, with a port of operators: %s',
    (files, own, bounds) => {
      expect(connectionBounds(files, own)).toEqual(bounds);
    },
  );

  it('the direct holds of a process are lowered to nine tenths of what its port takes, and no further', () => {
    const bounds = { clients: 672, operators: 96 };
    expect(holdsWithin(10_000, bounds)).toBe(604);
    expect(holdsWithin(600, bounds)).toBe(600);
    expect(holdsWithin(10_000, { clients: Infinity, operators: Infinity })).toBe(10_000);
  });
});
