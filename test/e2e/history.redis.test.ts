/** The history of two nodes on one Redis, over the kill of the leader and of Redis. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flag } from '../support/configs.js';
import { startNode, type HoldfastNode } from '../support/node.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

const TOKEN = 'an-admin-token-of-the-history';

let redis: RedisServer;
let nodes: HoldfastNode[];

async function admin(node: HoldfastNode, method: string, path: string, body?: unknown, message?: string) {
  const answer = await fetch(`${node.url}/admin/v1/environments/1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/json',
      ...(message === undefined ? {} : { 'holdfast-message': encodeURIComponent(message) }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function commit(node: HoldfastNode, value: boolean, message: string): Promise<void> {
  await until('the change is committed', async () => {
    const { status } = await admin(node, 'POST', '/changes', { configs: [flag('flag.a', value)] }, message);
    return status === 200;
  });
}

async function messages(node: HoldfastNode): Promise<(string | undefined)[]> {
  const { changes } = (await admin(node, 'GET', '/history?key=flag.a')).body as {
    changes: { message?: string }[];
  };
  return changes.map(({ message }) => message);
}

async function isLeader(node: HoldfastNode): Promise<boolean> {
  return /^holdfast_leader 1$/m.test(await (await fetch(`${node.url}/metrics`)).text());
}

beforeAll(async () => {
  redis = await startRedis({ appendonly: true });
  const env = {
    HOLDFAST_STORE: redis.url,
    HOLDFAST_ADMIN_TOKEN: TOKEN,
    HOLDFAST_SECRET: 'a-secret-of-the-history-which-is-long-enough',
  };
  nodes = [await startNode({ env }), await startNode({ env })];
  await admin(nodes[0]!, 'PUT', '', { projectId: 1, name: 'production' });
});

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await redis.stop();
});

describe('the history of an environment', () => {
  it('the history of an environment is whole after the leader and Redis were killed, and leads back', async () => {
    const leader = await until('a node leads', async () => {
      for (const node of nodes) if (await isLeader(node)) return node;
      return false;
    });
    const other = nodes.find((node) => node !== leader)!;
    await commit(leader, true, 'one');
    await leader.kill();
    await commit(other, false, 'two');
    await redis.kill();
    await redis.restart();
    await commit(other, true, 'three');
    expect(await messages(other)).toEqual(['three', 'two', 'one']);
    await leader.restart();
    expect(await messages(leader)).toEqual(['three', 'two', 'one']);
    const { changes } = (await admin(leader, 'GET', '/history')).body as { changes: { version: string }[] };
    const undone = await admin(leader, 'POST', '/rollback', { undo: changes[0]!.version, message: 'four' });
    expect(undone.status).toBe(200);
    expect(await messages(other)).toEqual(['four', 'three', 'two', 'one']);
  });
});
