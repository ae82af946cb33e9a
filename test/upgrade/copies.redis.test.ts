/** Copies in a bucket, written by a node of one version and read by a belt server of another. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openBucket } from '../../src/bucket/open.js';
import { namesIn } from '../support/belt.js';
import { flag } from '../support/configs.js';
import { startNode, type HoldfastNode } from '../support/node.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { unpackOldNode } from './old-node.js';

const NO_AWS = {
  accessKeyId: undefined,
  secretAccessKey: undefined,
  sessionToken: undefined,
  region: undefined,
};
const [OLD_MAIN = ''] = unpackOldNode();
const PRESENT_MAIN = join(import.meta.dirname, '../../dist/main.js');

const stacks: Stack[] = [];
const servers: HoldfastNode[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  for (const stack of stacks.splice(0)) await stack.stop();
});

/** A node that copies to a folder. */
async function writer(main: string): Promise<{ stack: Stack; source: string }> {
  const source = `file:${mkdtempSync(join(tmpdir(), 'hf-copies-'))}`;
  const stack = await startStack({
    nodes: 1,
    pushpins: 0,
    commands: [[main, 'serve']],
    env: { GRIP_URL: '', GRIP_VERIFY_KEY: '', HOLDFAST_BELT: source },
  });
  stacks.push(stack);
  return { stack, source };
}

async function beltServer(main: string, source: string): Promise<HoldfastNode> {
  const server = await startNode({
    env: { HOLDFAST_REVALIDATE: '1' },
    command: [main, 'serve', '--source', source],
  });
  servers.push(server);
  return server;
}

async function answerOf(server: HoldfastNode, key: string): Promise<[number, string]> {
  const headers = { authorization: `Basic ${Buffer.from(`u:${key}`).toString('base64')}` };
  const answer = await fetch(`${server.url}/api/v1/configs/0?format=json`, { headers });
  return [answer.status, await answer.text()];
}

it.each([
  ['a new node are read by an old belt server', PRESENT_MAIN, OLD_MAIN],
  ['an old node are read by a new belt server', OLD_MAIN, PRESENT_MAIN],
])(
  'copies of %s',
  async (_title, writes, reads) => {
    const { stack, source } = await writer(writes);
    await stack.createEnvironment(1);
    const { key } = await stack.createKey(1);
    await stack.commit(1, [flag('copied', true)]);
    const bucket = await openBucket(source, NO_AWS);
    await until('there is a copy', async () => (await namesIn(bucket)).length > 1);
    const server = await beltServer(reads, source);
    await until(
      'it serves the flag',
      async () => {
        const [status, text] = await answerOf(server, key);
        return status === 200 && text.includes('"copied"');
      },
      { timeout: 30_000 },
    );
  },
  90_000,
);

it('copies of an environment with over 1,000 keys are refused by an old belt server, which serves the others', async () => {
  const { stack, source } = await writer(PRESENT_MAIN);
  const issued: string[] = [];
  for (const environment of [1, 2]) {
    await stack.createEnvironment(environment);
    await stack.commit(environment, [flag(`flag of ${environment}`, true)]);
    issued.push((await stack.createKey(environment)).key);
  }
  for (let made = 1; made < 1_002; made += 50) {
    await Promise.all(Array.from({ length: 50 }, () => stack.createKey(2)));
  }
  const bucket = await openBucket(source, NO_AWS);
  await until(
    'the keys are an object',
    async () => (await namesIn(bucket)).some((name) => name.includes('keys')),
    {
      timeout: 30_000,
    },
  );
  const [small = '', large = ''] = issued;
  const [older, present] = [await beltServer(OLD_MAIN, source), await beltServer(PRESENT_MAIN, source)];
  for (const [server, key, wanted] of [
    [present, small, 200],
    [present, large, 200],
    [older, small, 200],
  ] as const) {
    await until('the belt server answers', async () => (await answerOf(server, key))[0] === wanted, {
      timeout: 30_000,
    });
  }
  // Not 401, which some SDKs take for the end: the environment has no copy that this version reads.
  expect((await answerOf(older, large))[0]).toBe(503);
  expect(older.logs()).toMatch(/"level":"(?:warn|error)"[^\n]*format/);
}, 150_000);
