/**
 * A process of its own that holds many subscriptions on raw sockets and says when the last of them
 * has received an event. Apart from subscriber-pool.ts, because who measures must not be held up by
 * who receives.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { EventIds } from './event-ids.js';

export interface SubscribersStart {
  /** The stream, such as `http://127.0.0.1:1234/api/v1/sse/config`. */
  readonly url: string;
  readonly key: string;
  readonly count: number;
}

export type SubscribersMessage =
  | { readonly kind: 'open' }
  /**
   * All have received the event. `at`: when the last of them had, by the machine's monotonic clock,
   * nanoseconds.
   */
  | { readonly kind: 'reached'; readonly id: string; readonly at: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** With 200 at once, Pushpin 1.36 answers some with 500 or 502; with 100 none. */
const AT_ONCE = 50;
const ATTEMPTS = 20;

const start = JSON.parse(process.argv[2]!) as SubscribersStart;
const { hostname, port, pathname } = new URL(start.url);
const request = [
  `GET ${pathname} HTTP/1.1`,
  `Host: ${hostname}:${port}`,
  `Authorization: Basic ${Buffer.from(`bench:${start.key}`).toString('base64')}`,
  'Accept: text/event-stream',
  '',
  '',
].join('\r\n');

/** Event id → how many have received it. */
const received = new Map<string, number>();

function report(message: SubscribersMessage): void {
  process.send!(message);
}

function count(id: string, at: bigint): void {
  const now = (received.get(id) ?? 0) + 1;
  received.set(id, now);
  if (now < start.count) return;
  received.delete(id);
  report({ kind: 'reached', id, at: `${at}` });
}

/** Resolves when the stream has begun; rejects when it did not. */
function subscribe(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const ids = new EventIds();
    let status: string | undefined;
    socket.on('connect', () => socket.write(request));
    socket.on('data', (bytes) => {
      const at = process.hrtime.bigint();
      if (status === undefined) {
        status = bytes.toString('latin1', 9, 12);
        if (status === '200') resolve();
        else socket.destroy();
      }
      for (const id of ids.take(bytes)) count(id, at);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (status === '200') report({ kind: 'failed', reason: 'a stream was ended' });
      else reject(new Error(`no stream, but ${status ?? 'no answer'}`));
    });
  });
}

async function subscribeStubbornly(): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await subscribe();
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await delay(100);
    }
  }
}

async function openAll(): Promise<void> {
  let left = start.count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await subscribeStubbornly();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

// The parent has ended, or has no more use for the subscriptions.
process.on('disconnect', () => process.exit());

openAll().then(
  () => report({ kind: 'open' }),
  (error: unknown) => report({ kind: 'failed', reason: String(error) }),
);
