/** The client ports that the canary listens at, and the proxies that they belong to. */
import { isIP } from 'node:net';
import type { ProxyAddress } from '../grip/proxies.js';
import { addressesOf, discoverEndpoints, type ResolveHost } from '../publish/discovery.js';
import { endpointName } from '../publish/proxy-client.js';

/** A proxy with the URL of its client port. */
export interface CanaryProxy {
  readonly address: ProxyAddress;
  /** As a client has it, without a slash at its end. */
  readonly clientUrl: string;
}

/** One client port. */
export interface CanaryTarget {
  /** The name of the proxy in metrics; that of the publisher where the two can be told to be one. */
  readonly proxy: string;
  readonly clientUrl: string;
  /** The address to connect to in place of the host of the URL. */
  readonly ip?: string;
}

/**
 * Returns the client ports of a proxy: of a name with several addresses each is a proxy of its own,
 * as for the publisher. What is not among the addresses that are published to, such as a load
 * balancer or a service's public name, is one target. Rejects when a name cannot be resolved.
 */
export async function canaryTargets(
  { address, clientUrl }: CanaryProxy,
  resolve?: ResolveHost,
): Promise<CanaryTarget[]> {
  const host = new URL(clientUrl).hostname.replace(/^\[|\]$/g, '');
  const endpoints = await discoverEndpoints(address, resolve);
  if (isIP(host) === 0 && address.perAddress && clientUrl.startsWith('http:')) {
    const ips = await addressesOf(host, resolve);
    const named = endpoints.filter(({ ip }) => ip !== undefined && ips.includes(ip));
    if (named.length === ips.length) {
      return named.map((endpoint) => ({
        proxy: endpointName(endpoint),
        clientUrl,
        ...(endpoint.ip === undefined ? {} : { ip: endpoint.ip }),
      }));
    }
  }
  const [only, ...others] = endpoints;
  const proxy = only !== undefined && others.length === 0 ? endpointName(only) : address.name;
  return [{ proxy, clientUrl }];
}
