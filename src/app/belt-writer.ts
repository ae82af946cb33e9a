/** A running `holdfast belt`: writes copies whenever it is its turn, and serves nothing but word of itself. */
import { randomUUID } from 'node:crypto';
import { beltGauges, composeBelt, openBuckets } from './compose-belt.js';
import type { Settings } from '../config/node.js';
import { createApp } from '../http/app.js';
import { beltReadiness, type Health } from '../http/health.js';
import { closeServer, settleWithin, listen, reachable } from '../http/listen.js';
import { createHttpServer } from '../http/server.js';
import { systemClock } from '../core/clock.js';
import type { Logger } from '../observe/log.js';
import { Metrics } from '../observe/metrics.js';
import type { Store } from '../store/store.js';

export interface RunningBelt {
  /** Where `/livez`, `/readyz` and `/metrics` are. */
  readonly url: string;
  /** Writes what waits, for at most the drain time, gives the lease up, and stops. The store stays open; it is the caller's. */
  stop(): Promise<void>;
}

/** What a stop may take beyond the drain. */
const FINISH_MS = 5_000;

/** @throws HoldfastError `field_invalid` when the port cannot be used */
export async function startBelt(settings: Settings, store: Store, log: Logger): Promise<RunningBelt> {
  const metrics = new Metrics();
  const buckets = await openBuckets(settings);
  const holder = randomUUID();
  const belt = composeBelt({ settings, store, buckets, holder, metrics, log, clock: systemClock });
  beltGauges(metrics, belt.status);
  let phase: Health['phase'] = 'serving';
  const state = () => beltReadiness(phase, store.name, belt.status());
  const server = createHttpServer(createApp({ state, metrics, log }));
  const port = await listen(server, settings);
  const stopping = new AbortController();
  const led = belt.lead(stopping.signal);
  const stop = async (): Promise<void> => {
    phase = 'stopping';
    stopping.abort();
    const works = { copying: led, requests: led.then(() => closeServer(server)) };
    const unfinished = await settleWithin(settings.drainSeconds * 1000 + FINISH_MS, works);
    if (unfinished.length > 0) log.warn({ unfinished }, 'stopping without waiting any longer');
  };
  return { url: `http://${reachable(settings.host)}:${port}`, stop };
}
