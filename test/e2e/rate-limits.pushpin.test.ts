/** Limits by address behind Pushpin, which names the client in X-Forwarded-For. */
import { get } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({
    nodes: 1,
    env: { HOLDFAST_RATE_ADDRESS: '1', HOLDFAST_TRUSTED_PROXIES: '127.0.0.1' },
  });
  await stack.createEnvironment(1);
}, 60_000);

afterAll(() => stack.stop());

it('a limit by address counts each client behind Pushpin for itself, whatever the client says of itself', async () => {
  const { key } = await stack.createKey(1);
  const status = (localAddress: string, claimed: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        authorization: `Basic ${Buffer.from(`u:${key}`).toString('base64')}`,
        'x-forwarded-for': claimed,
      };
      get(`${stack.url}/api/v1/configs/0`, { localAddress, headers, agent: false }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      }).on('error', reject);
    });
  const statuses = new Set<number | undefined>();
  for (let i = 0; i < 60 && !statuses.has(429); i++) statuses.add(await status('127.0.0.2', `9.9.9.${i}`));
  expect([...statuses]).toEqual([200, 429]);
  expect(await status('127.0.0.3', '127.0.0.2')).toBe(200);
});
