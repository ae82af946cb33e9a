import { describe, expect, it } from 'vitest';
import { parseGripUrl } from '../../src/grip/proxies.js';
import { discoverEndpoints, type ResolveHost } from '../../src/publish/discovery.js';

const v4 = (...addresses: string[]) => addresses.map((address) => ({ address, family: 4 }));
const v6 = (...addresses: string[]) => addresses.map((address) => ({ address, family: 6 }));
const addressOf = (url: string) => parseGripUrl(url, ['verify']);

async function ips(url: string, found: Awaited<ReturnType<ResolveHost>>): Promise<(string | undefined)[]> {
  const asked: string[] = [];
  const targets = await discoverEndpoints(addressOf(url), async (host) => {
    asked.push(host);
    return found;
  });
  expect(asked).toEqual(['pushpin']);
  return targets.map(({ ip }) => ip);
}

describe('a host name of a self-hosted proxy', () => {
  const url = 'http://pushpin:5561/?iss=pushpin&key=changeme';

  it('a host name of a self-hosted proxy is one proxy per address, in a fixed order, each once', async () => {
    expect(await ips(url, v4('10.0.0.2', '10.0.0.1', '10.0.0.2'))).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  it('a host name of a self-hosted proxy with one address is the proxy at that address', async () => {
    expect(await ips(url, v4('10.0.0.1'))).toEqual(['10.0.0.1']);
  });

  it('a host name of a self-hosted proxy counts IPv6 addresses only when there are no others', async () => {
    expect(await ips(url, [...v6('fd00::1'), ...v4('10.0.0.1')])).toEqual(['10.0.0.1']);
    expect(await ips(url, v6('fd00::2', 'fd00::1'))).toEqual(['fd00::1', 'fd00::2']);
  });

  it('a host name of a self-hosted proxy that cannot be resolved rejects', async () => {
    const failing: ResolveHost = () => Promise.reject(new Error('ENOTFOUND'));
    await expect(discoverEndpoints(addressOf(url), failing)).rejects.toThrow('ENOTFOUND');
  });
});

describe('an address that is one proxy', () => {
  const never: ResolveHost = () => Promise.reject(new Error('must not be asked'));

  it.each(['http://127.0.0.1:5561/?iss=a&key=b', 'http://[::1]:5561/?iss=a&key=b'])(
    'an address that is one proxy is not resolved: %s',
    async (url) => {
      expect(await discoverEndpoints(addressOf(url), never)).toEqual([{ address: expect.anything() }]);
    },
  );

  it('an address that is one proxy is a hosted service, however many addresses it has', async () => {
    const fastly = addressOf('https://api.fastly.com/service/abc?key=token&verify-iss=fastly:abc');
    expect(await discoverEndpoints(fastly, never)).toEqual([{ address: fastly }]);
  });

  it('an address that is one proxy is what the system resolver finds', async () => {
    const [target] = await discoverEndpoints(addressOf('http://localhost:5561/?iss=a&key=b'));
    expect(target!.ip).toMatch(/^(127\.0\.0\.1|::1)$/);
  });
});
