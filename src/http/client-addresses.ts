/**
 * The addresses of clients. Without trusted proxies it is that of the connection, which nothing can
 * forge; else the last one in `X-Forwarded-For` that is not of a trusted proxy.
 */
import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import proxyAddress from 'proxy-addr';

/** A text from `X-Forwarded-For` is cut here: it need not be an address. */
const ADDRESS_MAX = 64;

/** Returns the address of the client of a request. */
export type ClientAddressOf = (request: IncomingMessage) => string;

/**
 * Builds what finds the address of a client.
 *
 * @param trusted addresses, CIDR ranges, `loopback`, `linklocal`, `uniquelocal`
 * @throws TypeError for another text
 */
export function clientAddresses(trusted: readonly string[]): ClientAddressOf {
  if (trusted.length === 0) return ({ socket }) => usual(socket.remoteAddress ?? '');
  const trust = proxyAddress.compile([...trusted]);
  return (request) => usual(proxyAddress(request, trust));
}

/** An IPv4 address in the form of IPv6 is the same address. */
function usual(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').slice(0, ADDRESS_MAX);
}

/** Returns what a limit counts as one client: an IPv4 address, or the /64 that a client of IPv6 has. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
