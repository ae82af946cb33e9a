/**
 * Builds the parts that notice why a node cannot do its work: refused writes, a wrong clock. Each
 * registers its gauges.
 */
import { ClockMonitor } from '../../observe/clock-monitor.js';
import type { ProcessMetrics } from '../../observe/process-metrics.js';
import type { SignatureCheck, SignatureVerifier } from '../../grip/signature.js';
import type { Store } from '../../store/store.js';
import type { NodeParts } from './parts.js';

/** Milliseconds between two comparisons with the store's clock. */
const COMPARE_MS = 60_000;

/** Registers the gauge of refused writes; the store itself logs them. */
export function registerStoreGauges(metrics: ProcessMetrics, store: Store): void {
  metrics.gauge('holdfast_store_writable', '0 while the store refuses writes.', () =>
    store.writable().state === 'ok' ? 1 : 0,
  );
}

/** A monitor of this node's clock, and its work. */
export interface WatchedClock {
  readonly monitor: ClockMonitor;
  /** Compares the clock with the store's every minute, until the signal aborts. */
  readonly watch: (signal: AbortSignal) => Promise<void>;
  /** Wraps a verifier so that signatures out of their time are noticed. */
  readonly observing: (verifier: SignatureVerifier) => Pick<SignatureVerifier, 'verify'>;
}

/** Builds the monitor of this node's clock. */
export function buildClockMonitor({ store, metrics, log, clock }: NodeParts): WatchedClock {
  const monitor = new ClockMonitor({ log, now: clock.now, monotonic: clock.monotonic });
  metrics.gauge(
    'holdfast_clock_offset_seconds',
    "The store's clock less that of this machine; 0 until the store was asked.",
    () => monitor.status.offset ?? 0,
  );
  const notice = (check: SignatureCheck): void => {
    if (check.kind !== 'expired' && check.kind !== 'not-yet-valid') return;
    metrics.mistimedSignatures.inc({ kind: check.kind });
    monitor.mistimed(check.kind, check.seconds);
  };
  return {
    monitor,
    watch: async (signal) => {
      while (!signal.aborted) {
        // A store that cannot be asked is reported by the replica.
        await monitor.compare(() => store.time()).catch(() => undefined);
        await clock.sleep(COMPARE_MS, signal);
      }
    },
    observing: (verifier) => ({
      verify: async (token) => {
        const check = await verifier.verify(token);
        notice(check);
        return check;
      },
    }),
  };
}
