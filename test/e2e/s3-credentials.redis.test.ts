/**
 * A belt writer and a belt server without any key: each gets its credentials from its surroundings,
 * and the bucket checks signatures and sessions.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBucket } from '../../src/bucket/open.js';
import { manifestIn } from '../support/belt.js';
import { flag } from '../support/configs.js';
import { startAws, type AwsStandIn } from '../support/aws.js';
import { startNode, type HoldfastNode } from '../support/node.js';
import { startS3, type S3Setup } from '../support/s3.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const NO_AWS = {
  accessKeyId: undefined,
  secretAccessKey: undefined,
  sessionToken: undefined,
  region: undefined,
};
const MAIN = join(import.meta.dirname, '../../dist/main.js');

let aws: AwsStandIn;
let s3: S3Setup;
let stack: Stack;
let url: string;
const processes: HoldfastNode[] = [];

beforeAll(async () => {
  aws = await startAws();
  s3 = await startS3({ keyOf: (id) => aws.keyOf(id) });
  url = s3.url.replace('S3RVER:S3RVER@', '');
  stack = await startStack({ nodes: 1, pushpins: 0, env: { GRIP_URL: '', GRIP_VERIFY_KEY: '' } });
  await stack.createEnvironment(1, { name: 'Production' });
});

afterAll(async () => {
  for (const each of processes) await each.stop();
  await stack.stop();
  await s3.stop();
  await aws.stop();
});

async function start(env: Record<string, string>, ...command: string[]): Promise<HoldfastNode> {
  const started = await startNode({ env, command: [MAIN, ...command] });
  processes.push(started);
  return started;
}

describe('a belt without keys', () => {
  it('a belt without keys writes with the credentials of web identity and serves with those of a container', async () => {
    await stack.commit(1, [flag('flag.a', true)]);
    const { key } = await stack.createKey(1);
    const writer = await start(
      { ...aws.envOf('web identity'), HOLDFAST_STORE: stack.redis.url, HOLDFAST_BELT: url },
      'belt',
    );
    const server = await start({ ...aws.envOf('container') }, 'serve', '--source', url);
    const authorization = `Basic ${Buffer.from(`authuser:${key}`).toString('base64')}`;
    const answer = await until('the copy is served', async () => {
      const response = await fetch(`${server.url}/api/v1/configs/0`, { headers: { authorization } });
      return response.status === 200 ? response : undefined;
    });
    expect(Buffer.from(await answer.arrayBuffer()).toString('latin1')).toContain('flag.a');
    expect(new Set(aws.asked)).toEqual(new Set(['web identity', 'container']));
    for (const logs of [writer.logs(), server.logs()]) {
      expect(logs).not.toContain(aws.last().secretAccessKey);
      expect(logs).not.toContain(aws.last().sessionToken);
    }
  });

  it('a belt whose key is changed by a second one copies and serves on, and the first then is refused', async () => {
    const [first, second] = [aws.issueLasting(), aws.issueLasting()];
    const urlWith = ({ accessKeyId, secretAccessKey }: typeof first): string =>
      url.replace('//', `//${accessKeyId}:${encodeURIComponent(secretAccessKey)}@`);
    const copies = async (from: string): Promise<HoldfastNode> =>
      start({ HOLDFAST_STORE: stack.redis.url, HOLDFAST_BELT: from }, 'belt');
    await processes.shift()!.stop();
    const before = await copies(urlWith(first));
    const earlier = await stack.commit(1, [flag('flag.b', false)]);
    const bucket = await openBucket(urlWith(first), NO_AWS);
    const copied = async () => `${(await manifestIn(bucket))?.version}`;
    await until('the first key writes', async () => (await copied()) === earlier.version);
    await before.stop();
    const after = await copies(urlWith(second));
    aws.forgetKey(first.accessKeyId);
    const { version } = await stack.commit(1, [flag('flag.b', true)]);
    const next = await openBucket(urlWith(second), NO_AWS);
    await until('the second key writes', async () => `${(await manifestIn(next))?.version}` === version);
    await expect(copied()).rejects.toThrow('InvalidAccessKeyId');
    await after.stop();
  });

  it('a belt writer whose credentials are refused says in its log which places were tried', async () => {
    const writer = await start(
      { ...aws.envOf('shared file'), ...nowhere(), HOLDFAST_STORE: stack.redis.url, HOLDFAST_BELT: url },
      'belt',
    );
    await until('the log names the places', () => writer.logs().includes('tried: profile default: '));
    expect(writer.logs()).toContain('web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set');
  });
});

function nowhere(): Record<string, string> {
  return { AWS_SHARED_CREDENTIALS_FILE: '/none' };
}
