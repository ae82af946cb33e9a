import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Config } from '../../src/ruleset/model.js';
import { event, FakeServer, KEY, refuse } from './fake-server.js';
import { credentials, start, type Running } from './run.js';

const NOW = Date.parse('2025-11-21T12:00:00.500Z');
/** A version that was committed so many milliseconds ago. */
const ago = (milliseconds: number) => BigInt(NOW - milliseconds) * 1000n;

const flag: Config = {
  key: 'flag.a',
  configType: 'FEATURE_FLAG',
  valueType: 'BOOL',
  rows: [{ projectEnvId: '1', values: [{ value: { bool: true } }] }],
};

let server: FakeServer;
let tail: Running;
beforeEach(async () => {
  server = await FakeServer.start();
});
afterEach(async () => {
  tail.stop();
  await tail.done;
  await server.stop();
});

/** Starts the command, and gives its first connection to the stream. */
async function subscribe() {
  tail = start(['tail'], { env: credentials(server), now: NOW });
  return stream(1);
}

/** The nth connection to the stream, from 1. */
async function stream(n: number) {
  await vi.waitFor(() => expect(server.streams).toHaveLength(n));
  return server.streams[n - 1]!;
}

/** Waits for the line that says why the connection is given up. */
const said = (pattern: RegExp) => vi.waitFor(() => expect(tail.err()).toMatch(pattern));

describe('tail', () => {
  it('subscribes as a client does', async () => {
    await subscribe();
    expect(server.seen[0]).toMatchObject({ method: 'GET', path: '/api/v1/sse/config' });
    expect(server.seen[0]?.headers).toMatchObject({
      accept: 'text/event-stream',
      authorization: `Basic ${Buffer.from(`holdfast:${KEY}`).toString('base64')}`,
    });
    expect(server.seen[0]?.headers).not.toHaveProperty('last-event-id');
  });

  it('prints what each delta sets and deletes, and the time since its commit', async () => {
    const deleted: Config = { id: '6', key: 'flag.b', configType: 'DELETED' };
    (await subscribe()).write(`: keep-alive\n${event(ago(12), flag, deleted)}`);
    await vi.waitFor(() => expect(tail.out()).toContain('deleted'));
    expect(tail.out()).toBe(
      `12:00:00.500 version ${ago(12)}, 2 configs, 12 ms after the commit\n` +
        '  set      flag.a  FEATURE_FLAG  true\n' +
        '  deleted  flag.b\n',
    );
  });

  it('prints the date of an old delta, and nothing for a version that is no time', async () => {
    const open = await subscribe();
    open.write(event(ago(3_600_000), flag));
    open.write(event(42n, flag));
    await vi.waitFor(() => expect(tail.out()).toContain('version 42'));
    expect(tail.out()).toContain(`version ${ago(3_600_000)}, 1 config, committed 2025-11-21 11:00:00Z\n`);
    expect(tail.out()).toContain('version 42, 1 config\n');
  });

  it('puts an event together that arrives in pieces, cut anywhere', async () => {
    const open = await subscribe();
    const bytes = Buffer.from(event(7n, flag));
    for (const at of [0, 1, 2])
      open.write(bytes.subarray((at * bytes.length) / 3, ((at + 1) * bytes.length) / 3));
    await vi.waitFor(() => expect(tail.out()).toContain('version 7, 1 config\n  set      flag.a'));
  });

  it('passes no escape sequence of a key on to the terminal', async () => {
    (await subscribe()).write(event(7n, { ...flag, key: 'flag\u001b[2J' }));
    await vi.waitFor(() => expect(tail.out()).toContain('flag\ufffd[2J'));
  });

  it('takes the stream up after the last event when it ends, and says so', async () => {
    (await subscribe()).end(`retry: 3000\n\n${event(7n, flag)}`);
    (await stream(2)).write(event(8n, flag));
    await vi.waitFor(() => expect(tail.out()).toContain('version 8'));
    expect(server.seen[1]?.headers['last-event-id']).toBe('7');
    expect(tail.err()).toContain('The stream ended; again in 2.3 s, after version 7\n');
    expect(tail.slept()).toEqual([2250]);
  });

  it('takes it up when the connection breaks in the middle of an event, which then comes once', async () => {
    const open = await subscribe();
    open.write(event(7n, flag) + event(8n, flag).slice(0, 20));
    await vi.waitFor(() => expect(tail.out()).toContain('version 7'));
    open.destroy();
    (await stream(2)).write(event(8n, flag));
    await vi.waitFor(() => expect(tail.out()).toContain('version 8'));
    expect(server.seen[1]?.headers['last-event-id']).toBe('7');
    expect(tail.err()).toMatch(/The connection broke \(.+\); again in/);
    expect(tail.out().match(/version/g)).toHaveLength(2);
  });

  it('waits longer and longer while it gets nothing, up to 30 s, and starts again when an event came', async () => {
    const unavailable = (_seen: unknown, response: Parameters<typeof refuse>[0]) => {
      refuse(response, 503, 'store_unavailable', 'The store is unavailable.');
      return true;
    };
    server.intercepts.push(...Array<typeof unavailable>(6).fill(unavailable));
    // A stream that ends at once and empty is a failure like the others.
    (await subscribe()).end();
    (await stream(2)).end(event(7n, flag));
    await stream(3);
    expect(tail.slept()).toEqual([750, 750 * 2, 750 * 4, 750 * 8, 750 * 16, 22_500, 22_500, 750]);
    expect(tail.err()).toContain('The store is unavailable; again in 1.5 s, from the start\n');
  });

  it('survives an event that cannot be read', async () => {
    const open = await subscribe();
    open.write('data: /////w==\nid: 7\n\n');
    open.write(event(8n, flag));
    await vi.waitFor(() => expect(tail.out()).toContain('version 8'));
    expect(tail.err()).toMatch(/The event 7 cannot be read: /);
  });

  it('ends with 0 when it is interrupted', async () => {
    await subscribe();
    await said(/Subscribed to/);
    tail.stop();
    expect(await tail.done).toBe(0);
    expect(tail.err()).not.toContain('again in');
  });

  it.each([
    [401, 'unauthorized', 'This key was revoked.'],
    [501, 'direct_hold_refused', 'This server holds no connections.'],
  ])('ends with 1 when it is refused for good: %i', async (status, code, message) => {
    server.intercepts.push((_seen, response) => {
      refuse(response, status, code, message);
      return true;
    });
    tail = start(['tail'], { env: credentials(server), now: NOW });
    expect(await tail.done).toBe(1);
    expect(tail.err()).toContain(`holdfast: ${message}\n`);
  });
});
