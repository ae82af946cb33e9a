/**
 * Leader election: the node that holds the lease publishes.
 *
 * Two leaders for a short time do no harm (items carry ids, proxies drop repeats, clients ignore
 * ids that they have), so the lease needs no fencing; it only keeps the work from being done
 * several times.
 */
import type { Logger } from 'pino';
import { messageOf } from '../core/errors.js';
import type { Leadership } from '../store/store.js';
import type { LeaseMonitor } from './lease-monitor.js';

/**
 * The time for which the lease outlives a leader that is gone without a trace, milliseconds: its
 * machine, or the network between. One whose process died is replaced sooner by stores that notice.
 */
const LEASE_MS = 6_000;
/**
 * The interval at which a leader renews, milliseconds: short, because it also tells the store that a
 * leader lives which has lost just the connection by which others see it.
 */
const RENEW_MS = 500;
/**
 * The interval at which other nodes try, milliseconds; bounds the time without a leader after one
 * released the lease, and is a part of that after one died.
 */
const TRY_MS = 250;

/** The lease, and the parts that renewing it needs. */
export interface ElectionOptions {
  readonly leadership: Leadership;
  /** Unique to this process. */
  readonly holder: string;
  readonly log: Logger;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Is notified of the lease and of problems with it, and logs them. */
  readonly monitor: LeaseMonitor;
}

/**
 * Runs several works of a leader side by side. When one ends or fails the others are aborted, and
 * all have ended when this resolves or rejects: so none of them is still at work when the next term
 * begins.
 */
export function runTogether(...works: readonly ((signal: AbortSignal) => Promise<void>)[]) {
  return async (signal: AbortSignal): Promise<void> => {
    const ended = new AbortController();
    const until = AbortSignal.any([signal, ended.signal]);
    const results = await Promise.allSettled(works.map((work) => work(until).finally(() => ended.abort())));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  };
}

/**
 * Runs `lead` whenever this process has the lease, until `signal` aborts. `lead` gets a signal of
 * its own, which aborts when the lease is lost or released, and must then return.
 */
export async function leadWhenElected(
  options: ElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { leadership, holder, log, sleep, now, monitor } = options;
  while (!signal.aborted) {
    const askedAt = now();
    if ((await acquire(options)) === 'ours') {
      monitor.began();
      await leadOnce(options, lead, signal, askedAt);
      await leadership.release(holder).catch((error: unknown) => {
        log.warn({ error: messageOf(error) }, 'could not release the lease; it expires by itself');
      });
      monitor.ended();
    }
    await sleep(TRY_MS, signal);
  }
}

async function leadOnce(
  options: ElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  acquiredAt: number,
): Promise<void> {
  const { sleep, now, monitor } = options;
  const lost = new AbortController();
  const ours = AbortSignal.any([signal, lost.signal]);
  const leading = lead(ours)
    .catch((error: unknown) => {
      monitor.failed(messageOf(error));
    })
    .finally(() => lost.abort());
  // Counted from the question: the store may have begun the lease as early as that.
  let renewedAt = acquiredAt;
  for (;;) {
    await sleep(RENEW_MS, ours);
    if (ours.aborted) break;
    monitor.lasted();
    const askedAt = now();
    const answer = await acquire(options);
    if (answer === 'ours') renewedAt = askedAt;
    else if (answer === 'taken' || now() - renewedAt >= LEASE_MS) lost.abort();
  }
  await leading;
}

/**
 * `unknown`: the store cannot be asked. Then a leader goes on until its lease is over, and another
 * node does not begin.
 */
async function acquire({
  leadership,
  holder,
  monitor,
}: ElectionOptions): Promise<'ours' | 'taken' | 'unknown'> {
  try {
    const ours = await leadership.acquire(holder, LEASE_MS);
    monitor.answered();
    return ours ? 'ours' : 'taken';
  } catch (error) {
    monitor.unanswered(messageOf(error));
    return 'unknown';
  }
}
