/**
 * Discovery of the proxies that exist at present: a self-hosted proxy's host name with several
 * addresses is one proxy per address.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ProxyAddress } from '../grip/proxies.js';
import type { ProxyEndpoint } from './proxy-client.js';

/** Resolves a host name to all its addresses. */
export type ResolveHost = (
  host: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>;

const resolveAll: ResolveHost = (host) => lookup(host, { all: true });

/**
 * Returns the endpoints of one configured address. A resolved name always becomes addresses, also a
 * single one: a name that moves to another address is another proxy, and must not be mistaken for
 * the one that a kept-alive connection still reaches. IPv6 addresses count only when there is no
 * IPv4 one: a dual-stack name is the same proxies twice. Rejects when the name cannot be resolved.
 */
export async function discoverEndpoints(
  address: ProxyAddress,
  resolve: ResolveHost = resolveAll,
): Promise<ProxyEndpoint[]> {
  const host = new URL(address.publishUrl).hostname.replace(/^\[|\]$/g, '');
  if (!address.perAddress || isIP(host) !== 0) return [{ address }];
  return (await addressesOf(host, resolve)).map((ip) => ({ address, ip }));
}

/**
 * Resolves a host name to the addresses that count, in a fixed order. Rejects when it cannot be
 * resolved.
 */
export async function addressesOf(host: string, resolve: ResolveHost = resolveAll): Promise<string[]> {
  const found = await resolve(host);
  const v4 = found.filter((each) => each.family === 4);
  return [...new Set((v4.length > 0 ? v4 : found).map((each) => each.address))].sort();
}
