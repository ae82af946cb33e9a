/**
 * A belt writer: the process of `holdfast belt`. It writes copies whenever it has the belt's lease,
 * and serves only its own health.
 */
import { randomUUID } from 'node:crypto';
import type { BeltWriterSettings } from '../config/options.js';
import { systemClock } from '../core/clock.js';
import { createApp } from '../http/app.js';
import { beltWriterReadiness, type NodeHealth } from '../http/health.js';
import { settleWithin } from '../http/listen.js';
import { cutCounter, openPorts } from '../http/ports.js';
import type { Logger } from '../observe/log.js';
import { NodeMetrics } from '../observe/node-metrics.js';
import { openStore } from '../store/open.js';
import type { Store } from '../store/store.js';
import { buildBeltWriter, openBuckets } from './build/belt-writer.js';
import { registerLeaseGauge } from './build/leading.js';
import { registerStoreGauges } from './build/watching.js';
import type { RunningProcess } from './running.js';

/** The milliseconds that a stop may take beyond the drain. */
const FINISH_MS = 5_000;

/**
 * Starts a belt writer; resolves when it answers. Stopping it writes what waits, for at most the
 * drain time, gives the lease up and closes the store.
 *
 * @throws HoldfastError `field_invalid` when the port cannot be used
 */
export async function startBeltWriter(settings: BeltWriterSettings, log: Logger): Promise<RunningProcess> {
  const store = await openStore(settings.store, { log });
  try {
    const running = await startOnStore(settings, store, log);
    log.info({ url: running.url, store: store.name, buckets: settings.beltUrls.length }, 'copying');
    return { stop: () => running.stop().finally(() => store.close()) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function startOnStore(
  settings: BeltWriterSettings,
  store: Store,
  log: Logger,
): Promise<RunningProcess & { readonly url: string }> {
  const metrics = new NodeMetrics();
  const parts = { settings, store, holder: randomUUID(), metrics, log, clock: systemClock };
  const belt = buildBeltWriter(parts, await openBuckets(settings));
  let phase: NodeHealth['phase'] = 'serving';
  registerStoreGauges(metrics, store);
  registerLeaseGauge(metrics, { belt: belt.lease });
  const state = () =>
    beltWriterReadiness({
      phase,
      store: store.name,
      writes: store.writable(),
      lease: belt.lease(),
      belt: belt.status(),
    });
  const app = createApp({ state, metrics, log });
  const ports = await openPorts(
    { app, clientApp: app, onCut: cutCounter(metrics) },
    { ...settings, adminPort: undefined, adminHost: undefined },
  );
  const stopping = new AbortController();
  const led = belt.lead(stopping.signal);
  const stop = async (): Promise<void> => {
    phase = 'stopping';
    stopping.abort();
    const works = { copying: led, requests: led.then(() => ports.close()) };
    const unfinished = await settleWithin(settings.drainSeconds * 1000 + FINISH_MS, works);
    if (unfinished.length > 0) log.warn({ unfinished }, 'stopping without waiting any longer');
  };
  return { url: ports.url, stop };
}
