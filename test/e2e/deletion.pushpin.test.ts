/**
 * The deletion of an environment on real parts: held streams end, whichever node and proxy has them,
 * and the number does not return to an older version.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { flag, keys } from '../support/configs.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

let stack: Stack;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  stack = await startStack({ nodes: 2 });
});

afterAll(() => stack.stop());

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function subscribe(url: string, key: string): Promise<SseConnection> {
  const stream = await openSse(`${url}/api/v1/sse/config`, { key });
  closing.push(() => stream.close());
  return stream;
}

async function call(method: string, path: string, body: unknown, node = stack.nodes[0]!) {
  const answer = await stack.admin(`/admin/v1/environments/${path}`, { method, body, node });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

describe('the deletion of an environment', () => {
  it('a deletion ends held and direct streams of the environment without its tombstones, and no other stream', async () => {
    await stack.createEnvironment(1);
    await stack.createEnvironment(2);
    const [{ key }, { key: other }] = [await stack.createKey(1), await stack.createKey(2)];
    await stack.commit(1, [flag('flag.a', true)]);
    await stack.commit(2, [flag('flag.b', true)]);
    const held = await subscribe(stack.url, key);
    const direct = await subscribe(stack.nodes[1]!.url, key);
    const kept = await subscribe(stack.url, other);
    for (const stream of [held, direct])
      await stream.waitFor(({ events }) => keys(events).includes('flag.a'));
    await kept.waitFor(({ events }) => keys(events).includes('flag.b'));

    const deleted = await call('DELETE', '1', { confirm: '1', message: 'not needed any more' });
    expect(deleted).toMatchObject({ status: 200, body: { revokedKeys: 1 } });
    for (const stream of [held, direct]) {
      expect(await stream.closed).toBe('ended');
      // A client keeps the values that it has.
      expect(stream.events).toHaveLength(1);
    }
    expect((await subscribe(stack.url, key)).status).toBe(401);
    expect((await subscribe(stack.nodes[1]!.url, key)).status).toBe(401);
    await stack.commit(2, [flag('flag.c', true)]);
    await kept.waitFor(({ events }) => keys(events).includes('flag.c'));
    await until('each node answers that it does not exist', async () => {
      const statuses = await Promise.all(stack.nodes.map((node) => call('GET', '1', undefined, node)));
      return statuses.every(({ status }) => status === 404);
    });
  });

  it('a number that was deleted goes on above its last version, and takes no ids from before', async () => {
    await stack.createEnvironment(3);
    const { version } = await stack.commit(3, [flag('flag.a', true)]);
    const deleted = await call('DELETE', '3', { confirm: '3' });
    const last = BigInt(deleted.body.version as string);
    expect(last).toBeGreaterThan(BigInt(version));
    const late = await call('POST', '3/changes', { configs: [flag('flag.a', true)] }, stack.nodes[1]);
    expect(late.status).toBe(404);
    const created = await call('PUT', '3', { projectId: '1', name: 'again' }, stack.nodes[1]);
    expect(created.status).toBe(201);
    expect(BigInt(created.body.version as string)).toBeGreaterThan(last);
    const older = await call('POST', '3/changes', { configs: [{ ...flag('flag.a', true), id: version }] });
    expect([older.status >= 400, older.status < 500]).toEqual([true, true]);
    const { key } = await stack.createKey(3);
    const stream = await subscribe(stack.url, key);
    const next = await stack.commit(3, [flag('flag.b', true)]);
    expect(BigInt(next.version)).toBeGreaterThan(last);
    await stream.waitFor(({ events }) => keys(events).includes('flag.b'));
    const { body } = await call('GET', '3/configs', undefined);
    expect((body.configs as { key: string }[]).map((config) => config.key)).toEqual(['flag.b']);
  });
});
