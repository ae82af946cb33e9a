/**
 * The connections that each proxy holds, by its own count: Pushpin's port for Prometheus, read by the
 * leader. Nothing waits for it, and a count that cannot be read is not shown.
 */
import { Agent, request } from 'undici';
import type { Clock } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import { USER_AGENT } from '../core/version.js';
import type { ProxyAddress } from '../grip/proxies.js';
import type { Logger } from '../observe/log.js';
import { discoverEndpoints, type ResolveHost } from './discovery.js';
import { endpointName, originOf, type ProxyEndpoint } from './proxy-client.js';

/** Milliseconds between two readings. */
const READ_MS = 5_000;

/** The limit of one reading, milliseconds. */
const TIMEOUT_MS = 2_000;

/** The limit of an answer, bytes. Pushpin's has 1 KiB. */
const ANSWER_MAX = 1024 * 1024;

/** A proxy and the port of its metrics, which is on the host that items are published to. */
export interface MeasuredProxy {
  readonly address: ProxyAddress;
  readonly port: number;
}

/** The collaborators of the statistics. */
export interface ProxyStatisticsOptions {
  readonly proxies: readonly MeasuredProxy[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly resolve?: ResolveHost | undefined;
}

/** What one reading found of a proxy. */
type Reading =
  | { readonly kind: 'read'; readonly proxy: string; readonly connections: number }
  | { readonly kind: 'failed'; readonly proxy: string; readonly reason: string };

/** Reads how many connections proxies hold, while this node leads. */
export class ProxyStatistics {
  readonly #options: ProxyStatisticsOptions;
  /** Those of the last round, so that nothing of a proxy that is gone stays. */
  #readings: readonly Reading[] = [];

  constructor(options: ProxyStatisticsOptions) {
    this.#options = options;
  }

  /** Returns the connections of each proxy of which they are known, by the name of the proxy. */
  connections(): ReadonlyMap<string, number> {
    return new Map(
      this.#readings.flatMap((each) => (each.kind === 'read' ? [[each.proxy, each.connections]] : [])),
    );
  }

  /** Reads until the signal aborts; resolves then, whatever happens. */
  async lead(signal: AbortSignal): Promise<void> {
    const { proxies, clock } = this.#options;
    const dispatcher = new Agent({ connections: 1, maxResponseSize: ANSWER_MAX });
    try {
      while (!signal.aborted) {
        const readings = await Promise.all(proxies.map((proxy) => this.#read(proxy, dispatcher)));
        this.#note(readings.flat());
        await clock.sleep(READ_MS, signal);
      }
    } finally {
      this.#readings = [];
      await dispatcher.destroy();
    }
  }

  async #read({ address, port }: MeasuredProxy, dispatcher: Agent): Promise<Reading[]> {
    try {
      const endpoints = await discoverEndpoints(address, this.#options.resolve);
      return await Promise.all(endpoints.map((endpoint) => readEndpoint(endpoint, port, dispatcher)));
    } catch (error) {
      return [{ kind: 'failed', proxy: address.name, reason: messageOf(error) }];
    }
  }

  /** Keeps the readings, and logs the first failure of those in a row. */
  #note(readings: readonly Reading[]): void {
    const failing = new Set(this.#readings.flatMap(({ kind, proxy }) => (kind === 'failed' ? [proxy] : [])));
    this.#readings = readings;
    for (const reading of readings) {
      if (reading.kind === 'read' || failing.has(reading.proxy)) continue;
      const { proxy, reason } = reading;
      this.#options.log.warn(
        { proxy, error: reason },
        'could not read how many connections the proxy holds (HOLDFAST_PROXY_METRICS); trying again',
      );
    }
  }
}

async function readEndpoint(endpoint: ProxyEndpoint, port: number, dispatcher: Agent): Promise<Reading> {
  const proxy = endpointName(endpoint);
  try {
    const url = new URL('/metrics', originOf(endpoint));
    url.port = `${port}`;
    const { statusCode, body } = await request(url, {
      dispatcher,
      headers: { 'user-agent': USER_AGENT },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await body.text();
    const connections = statusCode === 200 ? connectionsIn(text) : undefined;
    return connections === undefined
      ? { kind: 'failed', proxy, reason: `${url.host} answered ${statusCode} without connection_connected` }
      : { kind: 'read', proxy, connections };
  } catch (error) {
    return { kind: 'failed', proxy, reason: messageOf(error) };
  }
}

/**
 * Returns the connections in Pushpin's metrics, whatever their prefix (`prometheus_prefix`) and
 * labels; `undefined` when they are not there.
 */
export function connectionsIn(metrics: string): number | undefined {
  const counts = [...metrics.matchAll(/^\w*connection_connected(?:\{[^}]*\})? (\d+(?:\.\d+)?)\s*$/gm)];
  return counts.length === 0 ? undefined : counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
