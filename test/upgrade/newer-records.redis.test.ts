/**
 * A node of an older version and one of this version on one Redis: what the store has since then.
 * Keys that expire, sessions of people, revisions of settings.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { flag } from '../support/configs.js';
import { CLIENT_ID, startIssuer, type TestIssuer } from '../support/issuer.js';
import type { HoldfastNode } from '../support/node.js';
import { signInAt, statusOfToken } from '../support/sign-in.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { unpackOldNode } from './old-node.js';

/** The longest wait for what takes seconds, on a loaded machine. Milliseconds. */
const SOON = 30_000;

let issuer: TestIssuer;
let stack: Stack;
let old: HoldfastNode;
let present: HoldfastNode;

beforeAll(async () => {
  issuer = await startIssuer();
  issuer.behaviour.claims = { groups: ['flags-admins'], email: 'ann@example.com', email_verified: true };
  stack = await startStack({
    nodes: 2,
    pushpins: 0,
    commands: [unpackOldNode()],
    env: {
      GRIP_URL: '',
      GRIP_VERIFY_KEY: '',
      HOLDFAST_OIDC_ISSUER: issuer.url,
      HOLDFAST_OIDC_CLIENT_ID: CLIENT_ID,
      HOLDFAST_CONSOLE_URL: 'https://flags.test',
      HOLDFAST_OIDC_ROLES: 'flags-admins=admin',
    },
  });
  [old, present] = stack.nodes as [HoldfastNode, HoldfastNode];
  await stack.createEnvironment(1);
  await stack.commit(1, [flag('first', true)]);
}, 90_000);

afterAll(async () => {
  await stack.stop();
  await issuer.stop();
});

/** The status with which a node answers a request for a snapshot. */
async function statusOfKey(node: HoldfastNode, key: string): Promise<number> {
  const headers = { authorization: `Basic ${Buffer.from(`u:${key}`).toString('base64')}` };
  const answer = await fetch(`${node.url}/api/v1/configs/0`, { headers });
  await answer.body?.cancel();
  return answer.status;
}

const at = (node: HoldfastNode, path: string, more: object = {}) =>
  stack.admin(`/admin/v1${path}`, { node, ...more });

it('a key that expires, made at a new node, is good at an old one until its time, and at neither after it', async () => {
  const expiresAt = new Date(Date.now() + 6_000).toISOString();
  const answer = await at(present, '/environments/1/keys', { body: { kind: 'server', expiresAt } });
  const { id, key } = (await answer.json()) as { id: string; key: string };
  await until('the old node knows the key', async () => (await statusOfKey(old, key)) === 200, {
    timeout: SOON,
  });
  for (const node of [old, present]) {
    await until('the key is refused', async () => (await statusOfKey(node, key)) === 401, { timeout: SOON });
  }
  const { keys } = (await (await at(present, '/environments/1/keys')).json()) as { keys: object[] };
  expect(keys).toContainEqual(expect.objectContaining({ id, expiresAt }));
});

it('a key that expires and is revoked at an old node keeps its expiry', async () => {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const answer = await at(present, '/environments/1/keys', { body: { kind: 'server', expiresAt } });
  const { id, key } = (await answer.json()) as { id: string; key: string };
  await until('the old node knows the key', async () => (await statusOfKey(old, key)) === 200, {
    timeout: SOON,
  });
  const revoked = await at(old, `/keys/${id}`, { method: 'DELETE' });
  expect(revoked.status).toBeLessThan(300);
  await until('the new node refuses it', async () => (await statusOfKey(present, key)) === 401, {
    timeout: SOON,
  });
  const { keys } = (await (await at(present, '/environments/1/keys')).json()) as { keys: object[] };
  expect(keys).toContainEqual(expect.objectContaining({ id, expiresAt, revokedAt: expect.anything() }));
});

it('a session begun at a new node is refused by an old one, and outlasts commits, the lease and restarts of old nodes', async () => {
  const { token } = await signInAt(present.url, issuer);
  expect(await statusOfToken(present.url, token!)).toBe(200);
  expect(await statusOfToken(old.url, token!)).toBe(401);
  await present.stop();
  const body = { configs: [flag('by the old node', true)] };
  expect((await at(old, '/environments/1/changes', { body })).status).toBe(200);
  await old.restart();
  await present.restart();
  expect(await statusOfToken(present.url, token!)).toBe(200);
});

it('a revision that a person saw at a new node is old after an old node changed the settings', async () => {
  const seen = (await (await at(present, '/environments/1')).json()) as { revision: string };
  const rename = (name: string) => ({ method: 'PUT', body: { projectId: '1', name } });
  expect((await at(old, '/environments/1', rename('Renamed'))).status).toBeLessThan(300);
  await until(
    'the new node has the name',
    async () =>
      ((await (await at(present, '/environments/1')).json()) as { name: string }).name === 'Renamed',
    { timeout: SOON },
  );
  const headers = { 'if-match': `"${seen.revision}"` };
  const refused = await at(present, '/environments/1', { ...rename('Mine'), headers });
  expect(refused.status).toBe(412);
  const { name } = (await (await at(present, '/environments/1')).json()) as { name: string };
  expect(name).toBe('Renamed');
});
