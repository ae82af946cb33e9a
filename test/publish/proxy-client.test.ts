import { jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { USER_AGENT } from '../../src/core/version.js';
import { parseGripUrl } from '../../src/grip/proxies.js';
import { ProxyClient, endpointName } from '../../src/publish/proxy-client.js';
import { accept, startPublishEndpoint, type PublishEndpoint } from '../support/publish-endpoint.js';
import { freePort } from '../support/ports.js';
import { itemOf } from './arbitrary.js';

const NOW = Date.parse('2026-01-02T03:04:05Z');
let endpoint: PublishEndpoint;
let client: ProxyClient;

beforeEach(async () => {
  endpoint = await startPublishEndpoint();
  client = clientTo(`${endpoint.url}/?iss=pushpin&key=changeme`);
});

afterEach(async () => {
  await client.close();
  await endpoint.cut();
});

function clientTo(gripUrl: string, options: { ip?: string; timeout?: number } = {}): ProxyClient {
  const { ip, timeout = 5_000 } = options;
  return new ProxyClient({ address: parseGripUrl(gripUrl, ['verify']), ip }, { now: () => NOW, timeout });
}

const one = [itemOf(7n, 0, 1)];
const respond = (status: number, headers: Record<string, string> = {}, body = '') =>
  endpoint.answer((response) => response.writeHead(status, headers).end(body));

describe('a publish request', () => {
  it('a publish request is a POST of all items, in order, as JSON', async () => {
    const items = [itemOf(7n, 0, 1), itemOf(8n, 3, 4)];
    expect(await client.publish(items)).toEqual({ kind: 'accepted' });
    const [{ request, body }] = endpoint.requests as [(typeof endpoint.requests)[0]];
    expect([request.method, request.url]).toEqual(['POST', '/publish/']);
    expect(request.headers['content-type']).toBe('application/json');
    expect(request.headers['user-agent']).toBe(USER_AGENT);
    expect(JSON.parse(body)).toEqual({ items: items.map(({ json }) => JSON.parse(json) as unknown) });
  });

  it('a publish request goes over one connection that is kept', async () => {
    for (let i = 0; i < 5; i++) await client.publish(one);
    expect(endpoint.requests).toHaveLength(5);
    expect(endpoint.connections()).toBe(1);
  });

  it('a publish request comes in order also when several are asked for at the same time', async () => {
    await Promise.all([1, 2, 3, 4].map((id) => client.publish([itemOf(7n, id - 1, id)])));
    expect(endpoint.accepted.map(({ id }) => id)).toEqual(['1', '2', '3', '4']);
    expect(endpoint.connections()).toBe(1);
  });

  it('names the host, also when it goes to one of the host’s addresses', async () => {
    const named = clientTo(`http://proxies.test:${endpoint.port}/?iss=pushpin&key=changeme`, {
      ip: '127.0.0.1',
    });
    expect(await named.publish(one)).toEqual({ kind: 'accepted' });
    expect(endpoint.requests[0]!.request.headers.host).toBe(`proxies.test:${endpoint.port}`);
    await named.close();
  });
});

describe('the credential', () => {
  const authorization = async (gripUrl: string): Promise<string | undefined> => {
    const other = clientTo(gripUrl);
    await other.publish(one);
    await other.close();
    return endpoint.requests.at(-1)!.request.headers.authorization;
  };

  it('the credential is a token signed with the key, by the issuer, that ends, for iss and key', async () => {
    const header = await authorization(`${endpoint.url}/?iss=pushpin&key=changeme`);
    const token = header!.replace(/^Bearer /, '');
    const { payload } = await jwtVerify(token, Buffer.from('changeme'), { issuer: 'pushpin' });
    expect(payload.exp! * 1000).toBeGreaterThan(Date.now());
  });

  it('the credential is made of the bytes of a base64 key', async () => {
    const header = await authorization(`${endpoint.url}/?iss=pushpin&key=base64:AAEC%2F%2B8=`);
    const token = header!.replace(/^Bearer /, '');
    await jwtVerify(token, Buffer.from('AAEC/+8=', 'base64'), { issuer: 'pushpin' });
  });

  it('the credential is the key itself without iss', async () => {
    expect(await authorization(`${endpoint.url}/?key=token`)).toBe('Bearer token');
  });

  it('the credential is user and password, unescaped', async () => {
    const url = `http://us%40er:pa%3Ass@127.0.0.1:${endpoint.port}/`;
    expect(await authorization(url)).toBe(`Basic ${Buffer.from('us@er:pa:ss').toString('base64')}`);
  });

  it('the credential is none when the URL has none', async () => {
    expect(await authorization(endpoint.url)).toBeUndefined();
  });
});

describe('an answer', () => {
  it.each([200, 202, 204])('an answer of %i is accepted', async (status) => {
    respond(status);
    expect(await client.publish(one)).toEqual({ kind: 'accepted' });
  });

  it.each([400, 413, 422])(
    'an answer of %i is refused for good, with what the proxy said',
    async (status) => {
      respond(status, {}, 'Body too large.\n');
      expect(await client.publish(one)).toEqual({ kind: 'refused', reason: `${status} Body too large.` });
    },
  );

  it.each([301, 401, 403, 404, 408, 429, 500, 502, 503])(
    'an answer of %i is to be tried again',
    async (status) => {
      respond(status);
      expect(await client.publish(one)).toMatchObject({ kind: 'failed', retryAfterMs: undefined });
    },
  );

  it('an answer that asks for patience is given it', async () => {
    respond(429, { 'retry-after': '7' });
    expect(await client.publish(one)).toMatchObject({ kind: 'failed', retryAfterMs: 7_000 });
    respond(503, { 'retry-after': new Date(NOW + 9_000).toUTCString() });
    expect(await client.publish(one)).toMatchObject({ kind: 'failed', retryAfterMs: 9_000 });
    respond(429, { 'fastly-ratelimit-reset': `${NOW / 1000 + 11}` });
    expect(await client.publish(one)).toMatchObject({ kind: 'failed', retryAfterMs: 11_000 });
  });

  it('an answer that is long is quoted in short', async () => {
    respond(500, {}, 'x'.repeat(10_000));
    const result = await client.publish(one);
    expect(result.kind === 'failed' && result.reason.length).toBeLessThan(300);
  });
});

describe('a proxy that is not well', () => {
  it('a proxy that is not well and does not listen is a failure, not an exception', async () => {
    const nobody = clientTo(`http://127.0.0.1:${await freePort()}/?iss=pushpin&key=changeme`);
    expect(await nobody.publish(one)).toMatchObject({ kind: 'failed', retryAfterMs: undefined });
    await nobody.close();
  });

  it.each<[string, Parameters<PublishEndpoint['answer']>[0]]>([
    ['does not answer', () => undefined],
    ['does not finish its answer', (response) => void response.writeHead(200).write('Publ')],
    [
      'answers one byte at a time for ever',
      (response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('.'), 10);
        response.on('close', () => clearInterval(timer));
      },
    ],
  ])(
    'a proxy that is not well and %s is given up after the timeout, and met again over a new connection',
    async (_, handler) => {
      const impatient = clientTo(`${endpoint.url}/?iss=pushpin&key=changeme`, { timeout: 150 });
      endpoint.answer(handler);
      const started = performance.now();
      expect(await impatient.publish(one)).toMatchObject({ kind: 'failed' });
      expect(performance.now() - started).toBeGreaterThanOrEqual(140);
      endpoint.answer(accept);
      expect(await impatient.publish(one)).toEqual({ kind: 'accepted' });
      expect(endpoint.connections()).toBe(2);
      await impatient.close();
    },
  );

  it('a proxy that is not well and cuts the connection is met again when it is back', async () => {
    await client.publish(one);
    await endpoint.cut();
    expect(await client.publish(one)).toMatchObject({ kind: 'failed' });
    await endpoint.open();
    expect(await client.publish(one)).toEqual({ kind: 'accepted' });
  });
});

describe('a target’s name', () => {
  it('a target’s name has no credential, and the address when it is one of several', () => {
    const address = parseGripUrl('http://user:pass@pushpin:5561/?key=secret', ['verify']);
    expect(endpointName({ address })).toBe('http://pushpin:5561');
    expect(endpointName({ address, ip: '10.0.0.1' })).toBe('http://pushpin:5561 at 10.0.0.1');
  });
});
