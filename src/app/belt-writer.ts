/** A running `holdfast belt`: writes copies whenever it is its turn, and serves nothing but word of itself. */
import { randomUUID } from 'node:crypto';
import { beltWriterGauges, buildBeltWriter, openBuckets } from './compose-belt.js';
import type { NodeSettings } from '../config/node.js';
import { createApp } from '../http/app.js';
import { beltWriterReadiness, type NodeHealth } from '../http/health.js';
import { closeServer, settleWithin, listen, reachable } from '../http/listen.js';
import { createHttpServer } from '../http/server.js';
import { systemClock } from '../core/clock.js';
import type { Logger } from '../observe/log.js';
import { NodeMetrics } from '../observe/node-metrics.js';
import type { Store } from '../store/store.js';

export interface RunningBeltWriter {
  /** Where `/livez`, `/readyz` and `/metrics` are. */
  readonly url: string;
  /** Writes what waits, for at most the drain time, gives the lease up, and stops. The store stays open; it is the caller's. */
  stop(): Promise<void>;
}

/** What a stop may take beyond the drain. */
const FINISH_MS = 5_000;

/** @throws HoldfastError `field_invalid` when the port cannot be used */
export async function startBeltWriter(
  settings: NodeSettings,
  store: Store,
  log: Logger,
): Promise<RunningBeltWriter> {
  const metrics = new NodeMetrics();
  const buckets = await openBuckets(settings);
  const holder = randomUUID();
  const belt = buildBeltWriter({ settings, store, buckets, holder, metrics, log, clock: systemClock });
  beltWriterGauges(metrics, belt.status);
  let phase: NodeHealth['phase'] = 'serving';
  const state = () => beltWriterReadiness(phase, store.name, belt.status());
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
