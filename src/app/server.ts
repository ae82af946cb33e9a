/**
 * A running Holdfast node: a composition that listens, and how it stops.
 */
import type { Committer } from '../commit/committer.js';
import { compose, type Secrets } from './compose.js';
import { openBuckets } from './compose-belt.js';
import type { NodeSettings } from '../config/node.js';
import { closeServer, closingAnswers, settleWithin, listen, reachable } from '../http/listen.js';
import { createHttpServer } from '../http/server.js';
import { systemClock } from '../core/clock.js';
import type { Logger } from '../observe/log.js';
import type { Store } from '../store/store.js';

export interface RunningServer {
  /** Where a client on this machine reaches it. */
  readonly url: string;
  readonly committer: Committer;
  /**
   * Stops: readiness off, the lease given up, direct holds ended over the drain time, requests that are under way finished. Resolves
   * within the drain time and 5 s, whatever clients, proxies and the store do; what has not ended by then is left behind, and ends with the
   * process. The store stays open; it is the caller's. [protocol] #stopping
   */
  stop(): Promise<void>;
}

/** What a stop may take beyond the drain. */
const FINISH_MS = 5_000;

/**
 * Starts a node on an open store.
 *
 * @throws HoldfastError `store_unavailable` when the store cannot be read; `field_invalid` when the port cannot be used
 */
export async function startServer(
  settings: NodeSettings,
  secrets: Secrets,
  store: Store,
  log: Logger,
): Promise<RunningServer> {
  const buckets = await openBuckets(settings);
  const node = compose(settings, secrets, store, log, systemClock, buckets);
  const { app, replica, committer, directHolds, lead, enter } = node;
  await replica.start();
  const server = createHttpServer(app);
  const closeAfterAnswers = closingAnswers(server);
  const port = await listen(server, settings);
  const stopping = new AbortController();
  const led = lead(stopping.signal);
  enter('serving');

  const stop = async (): Promise<void> => {
    enter('stopping');
    closeAfterAnswers();
    // The lease first: another node takes over while this one still answers.
    stopping.abort();
    const served = directHolds.drain(settings.drainSeconds).then(() => closeServer(server));
    const works = { publishing: led, requests: served, following: served.then(() => replica.stop()) };
    const unfinished = await settleWithin(settings.drainSeconds * 1000 + FINISH_MS, works);
    if (unfinished.length > 0) log.warn({ unfinished }, 'stopping without waiting any longer');
  };
  return { url: `http://${reachable(settings.host)}:${port}`, committer, stop };
}
