/** Builds the limits of clients' requests, and counts what they refuse. */
import { clientAddresses } from '../../http/client-addresses.js';
import { RateLimits } from '../../http/rate-limits.js';
import type { BeltServerSettings, NodeSettings } from '../../config/options.js';
import type { Clock } from '../../core/clock.js';
import type { ProcessMetrics } from '../../observe/process-metrics.js';

/** Builds the limits; `undefined` where none is set. */
export function buildLimits(
  settings: Pick<NodeSettings & BeltServerSettings, 'ratePerKey' | 'ratePerAddress' | 'trustedProxies'>,
  metrics: ProcessMetrics,
  { monotonic }: Clock,
): RateLimits | undefined {
  const { ratePerKey: perKey, ratePerAddress: perAddress, trustedProxies } = settings;
  if (perKey === undefined && perAddress === undefined) return undefined;
  return new RateLimits({
    perKey,
    perAddress,
    addressOf: clientAddresses(trustedProxies),
    monotonic,
    onRefused: (limit) => metrics.rateLimited.inc({ limit }),
  });
}
