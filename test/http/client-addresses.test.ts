import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { readNodeSettings } from '../../src/config/node.js';
import { clientAddresses, networkOf } from '../../src/http/client-addresses.js';

const request = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

describe('the address of a client', () => {
  it('the address of a client is that of the connection where no proxy is trusted, whatever it sends', () => {
    const addressOf = clientAddresses([]);
    expect(addressOf(request('10.0.0.1', '1.2.3.4'))).toBe('10.0.0.1');
    expect(addressOf(request('::ffff:10.0.0.1'))).toBe('10.0.0.1');
  });

  it('the address of a client is the last one before the trusted proxies, and never what it claims to be', () => {
    const addressOf = clientAddresses(['10.0.0.0/8', 'loopback']);
    expect(addressOf(request('10.0.0.1', '1.2.3.4'))).toBe('1.2.3.4');
    expect(addressOf(request('10.0.0.1', '6.6.6.6, 1.2.3.4, 10.9.9.9'))).toBe('1.2.3.4');
    expect(addressOf(request('127.0.0.1'))).toBe('127.0.0.1');
    expect(addressOf(request('5.5.5.5', '1.2.3.4'))).toBe('5.5.5.5');
    expect(addressOf(request('10.0.0.1', 'x'.repeat(200))).length).toBe(64);
  });

  it('the network of a client is its IPv4 address, or the /64 of its IPv6 one in any form', () => {
    expect(networkOf('1.2.3.4')).toBe('1.2.3.4');
    expect(networkOf('2001:db8:0:1::5')).toBe('2001:db8:0:1::/64');
    expect(networkOf('2001:0db8:0000:0001:9:9:9:9')).toBe('2001:db8:0:1::/64');
    expect(networkOf('::1')).toBe('0:0:0:0::/64');
    expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
    expect(networkOf('nonsense')).toBe('nonsense');
  });

  it('trusted proxies that are no networks are refused at the start, with what would be right', () => {
    expect(() => readNodeSettings({ HOLDFAST_TRUSTED_PROXIES: '10.0.0.0/99' })).toThrow(
      /HOLDFAST_TRUSTED_PROXIES must be addresses, CIDR ranges such as 10\.0\.0\.0\/8/,
    );
    const { warnings } = readNodeSettings({
      HOLDFAST_RATE_ADDRESS: '5',
      GRIP_URL: 'http://127.0.0.1:5561/?verify-key=k',
    });
    expect(warnings).toContainEqual(expect.stringContaining('name the proxies in HOLDFAST_TRUSTED_PROXIES'));
  });
});
