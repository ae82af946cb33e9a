/** One data directory, used by a node of an older version and by one of this version. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { flag } from '../support/configs.js';
import { startNode, type HoldfastNode } from '../support/node.js';
import { until } from '../support/until.js';
import { unpackOldNode } from './old-node.js';

const TOKEN = 'a-token-for-this-test';
const old = unpackOldNode();
const running: HoldfastNode[] = [];

afterEach(async () => {
  for (const node of running.splice(0)) await node.stop();
});

async function start(directory: string, command?: readonly string[]): Promise<HoldfastNode> {
  const env = { HOLDFAST_STORE: `file:${directory}`, HOLDFAST_ADMIN_TOKEN: TOKEN };
  const node = await startNode({ env, ...(command === undefined ? {} : { command }) });
  running.push(node);
  // A signal before that ends it immediately, and leaves its lock.
  await until('it has said how to use it', () => /^[^{\n]/m.test(node.logs()));
  await fetch(`${node.url}/admin/v1/environments/1`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ projectId: '1', name: 'Development' }),
  }).then((answer) => answer.body?.cancel());
  return node;
}

async function commit(node: HoldfastNode, name: string): Promise<number> {
  const answer = await fetch(`${node.url}/admin/v1/environments/1/changes`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ configs: [flag(name, true)] }),
  });
  await answer.body?.cancel();
  return answer.status;
}

async function names(node: HoldfastNode): Promise<string> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  return (await fetch(`${node.url}/admin/v1/environments/1/configs`, { headers })).text();
}

const directory = () => join(mkdtempSync(join(tmpdir(), 'holdfast-upgrade-')), 'data');

it('a data directory of an old node is read by a new one, which goes on with its rulesets and keeps history from then on', async () => {
  const data = directory();
  const before = await start(data, old);
  expect(await commit(before, 'old')).toBe(200);
  await before.stop();
  const after = await start(data);
  expect(await commit(after, 'new')).toBe(200);
  expect(await names(after)).toMatch(/"old"[^]*"new"|"new"[^]*"old"/);
});

it.each([
  ['an old node', undefined, old],
  ['a new node', old, undefined],
])('a data directory that is in use is refused to %s, in words', async (_who, first, second) => {
  const data = directory();
  await start(data, first);
  const [owner] = running;
  await expect(start(data, second)).rejects.toThrow(/The data directory \S+ is in use by .+process/);
  expect(await commit(owner!, 'still served')).toBe(200);
});

it('a data directory of a new node that has stopped is read by an old one, with every ruleset', async () => {
  const data = directory();
  const after = await start(data);
  expect(await commit(after, 'new')).toBe(200);
  await after.stop();
  const before = await start(data, old);
  expect(await names(before)).toContain('"new"');
  expect(await commit(before, 'old')).toBe(200);
  await before.stop();
  expect(await names(await start(data))).toMatch(/"old"[^]*"new"|"new"[^]*"old"/);
});

it('a data directory that an old node used in between keeps operators, and the expiry of keys', async () => {
  const data = directory();
  const call = async (node: HoldfastNode, path: string, body?: object): Promise<string> => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    return (await fetch(`${node.url}/admin/v1${path}`, { headers, ...sent })).text();
  };
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const first = await start(data);
  await call(first, '/operators', { name: 'deploy', role: 'editor' });
  const { key } = JSON.parse(
    await call(first, '/environments/1/keys', { kind: 'server', name: 'trial', expiresAt }),
  ) as { key: string };
  await first.stop();

  const between = await start(data, old);
  expect(await commit(between, 'by the old node')).toBe(200);
  const headers = { authorization: `Basic ${Buffer.from(`u:${key}`).toString('base64')}` };
  expect((await fetch(`${between.url}/api/v1/configs/0`, { headers })).status).toBe(200);
  await between.stop();

  const last = await start(data);
  expect(await call(last, '/operators')).toContain('"deploy"');
  expect(await call(last, '/environments/1/keys')).toContain(`"${expiresAt}"`);
});
