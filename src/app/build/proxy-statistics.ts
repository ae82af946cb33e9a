/** Builds the statistics of proxies, and registers their gauge. */
import type { ProxyAddress } from '../../grip/proxies.js';
import { ProxyStatistics } from '../../publish/proxy-statistics.js';
import type { NodeParts } from './parts.js';

/** Builds the statistics of proxies, of those whose port is given. */
export function buildProxyStatistics(
  { settings, metrics, log, clock }: NodeParts,
  addresses: readonly ProxyAddress[],
): ProxyStatistics {
  const ports = settings.proxyMetricsPorts;
  const proxies = addresses.flatMap((address, i) => {
    const port = ports.length === 1 ? ports[0] : ports[i];
    // A hosted service has no such port.
    return port === undefined || !address.perAddress ? [] : [{ address, port }];
  });
  const statistics = new ProxyStatistics({ proxies, log, clock });
  metrics.labelledGauge(
    'holdfast_proxy_connections',
    'Connections of clients to the proxy, by its own count (HOLDFAST_PROXY_METRICS); on the node that leads.',
    'proxy',
    () => [...statistics.connections()],
  );
  return statistics;
}
