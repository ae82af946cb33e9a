/** Many subscribers in a process of their own, seen from the one that measures. */
import { endChild, startChild } from './children.js';
import type { SubscribersMessage, SubscribersStart } from './subscribers.js';

export interface SubscriberPool {
  /**
   * Resolves to when the last of them had the event with that id, by the monotonic clock,
   * nanoseconds. It may have had it before.
   */
  reached(id: string): Promise<bigint>;
  close(): Promise<void>;
}

/** Far above every latency that is measured: an event that takes so long was lost. Milliseconds. */
const LOST = 30_000;

/** Opens the subscriptions; resolves when all streams have begun. */
export async function openSubscribers(start: SubscribersStart): Promise<SubscriberPool> {
  const child = startChild('subscribers.ts', start);
  const times = new Map<string, bigint>();
  const waiting = new Map<string, (at: bigint) => void>();
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  // A waiter sees the failure; without one it must not become an unhandled rejection.
  failed.catch(() => undefined);
  const open = new Promise<void>((resolve) => {
    child.on('message', (message: SubscribersMessage) => {
      if (message.kind === 'open') resolve();
      else if (message.kind === 'failed') fail(new Error(message.reason));
      else {
        times.set(message.id, BigInt(message.at));
        waiting.get(message.id)?.(BigInt(message.at));
      }
    });
  });
  child.once('exit', (code) =>
    fail(new Error(`the process of the subscribers ended with ${code ?? 'a signal'}`)),
  );

  const arrival = (id: string): Promise<bigint> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not all received event ${id}`)), LOST);
      waiting.set(id, (at) => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(at);
      });
    });
  await Promise.race([open, failed]);
  return {
    reached: async (id) => times.get(id) ?? Promise.race([arrival(id), failed]),
    close: () => endChild(child),
  };
}
