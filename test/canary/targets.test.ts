import { describe, expect, it } from 'vitest';
import { canaryTargets } from '../../src/canary/targets.js';
import { parseGripUrl } from '../../src/grip/proxies.js';

const resolving = (hosts: Readonly<Record<string, readonly string[]>>) => (host: string) => {
  const found = hosts[host];
  if (found === undefined) return Promise.reject(new Error(`${host} is unknown`));
  return Promise.resolve(found.map((address) => ({ address, family: 4 })));
};

const targets = (
  gripUrl: string,
  clientUrl: string,
  hosts: Readonly<Record<string, readonly string[]>> = {},
) => canaryTargets({ address: parseGripUrl(gripUrl, ['key']), clientUrl }, resolving(hosts));

describe('client ports of the canary', () => {
  it('a name with several addresses is one client port per address, named as the publisher names them', async () => {
    const hosts = { pushpin: ['10.0.0.2', '10.0.0.1'] };
    expect(await targets('http://pushpin:5561', 'http://pushpin:7999', hosts)).toEqual([
      { proxy: 'http://pushpin:5561 at 10.0.0.1', clientUrl: 'http://pushpin:7999', ip: '10.0.0.1' },
      { proxy: 'http://pushpin:5561 at 10.0.0.2', clientUrl: 'http://pushpin:7999', ip: '10.0.0.2' },
    ]);
  });

  it('a client URL with addresses of its own, as of a load balancer, is one client port', async () => {
    const hosts = { pushpin: ['10.0.0.1', '10.0.0.2'], balancer: ['10.0.9.9'] };
    expect(await targets('http://pushpin:5561', 'http://balancer', hosts)).toEqual([
      { proxy: 'http://pushpin:5561', clientUrl: 'http://balancer' },
    ]);
  });

  it('a client URL of an address belongs to the proxy of its place in GRIP_URL', async () => {
    expect(await targets('http://127.0.0.1:5561', 'http://127.0.0.1:7999')).toEqual([
      { proxy: 'http://127.0.0.1:5561', clientUrl: 'http://127.0.0.1:7999' },
    ]);
  });

  it('a hosted service is one client port, whatever its addresses', async () => {
    const grip = 'https://api.fastly.com/service/S?key=k&verify-iss=fastly:S';
    expect(await targets(grip, 'https://flags.example.com/base')).toEqual([
      { proxy: 'https://api.fastly.com/service/S', clientUrl: 'https://flags.example.com/base' },
    ]);
  });

  it('a name that cannot be resolved is an error for the caller', async () => {
    await expect(targets('http://pushpin:5561', 'http://pushpin:7999')).rejects.toThrow('pushpin is unknown');
  });
});
