/** Builds the canary, and registers its gauge. */
import { Canary } from '../../canary/canary.js';
import { canaryKeyText } from '../../canary/key.js';
import type { ProxyAddress } from '../../grip/proxies.js';
import type { NodeParts } from './parts.js';

/** Builds the canary; `undefined` where no client URL of a proxy is given, or no proxy gets holds. */
export function buildCanary(
  { settings, secrets, store, metrics, log, clock }: NodeParts,
  addresses: readonly ProxyAddress[],
): Canary | undefined {
  const proxies = addresses.flatMap((address, i) => {
    const clientUrl = settings.canaryUrls[i];
    return clientUrl === undefined ? [] : [{ address, clientUrl }];
  });
  const canary =
    proxies.length === 0 || settings.hold === 'direct'
      ? undefined
      : new Canary({
          store,
          proxies,
          key: canaryKeyText(secrets.linkSecrets[0] ?? ''),
          staleness: settings.stalenessSeconds * 1000,
          keepAlive: settings.keepAliveSeconds * 1000,
          clock,
          log,
          onDelivered: (proxy, milliseconds) => metrics.delivery.observe({ proxy }, milliseconds / 1000),
        });
  metrics.labelledGauge(
    'holdfast_canary_silent',
    '1 while a change of the canary has not arrived through the proxy for longer than HOLDFAST_STALENESS; on the node that leads.',
    'proxy',
    () => (canary?.status().proxies ?? []).map(({ proxy, state }) => [proxy, state === 'silent' ? 1 : 0]),
  );
  return canary;
}
