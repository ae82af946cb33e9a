/**
 * A belt server as a process, on copies that real nodes have written to an S3 server and to a
 * folder, when everything else is gone.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { Context, Prefab as PrefabInPages } from '@prefab-cloud/prefab-cloud-js';
import { Prefab } from '@prefab-cloud/prefab-cloud-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBucket } from '../../src/bucket/open.js';
import { manifestIn } from '../support/belt.js';
import { flag } from '../support/configs.js';
import { startNode, type HoldfastNode } from '../support/node.js';
import { startS3, type S3Setup } from '../support/s3.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const MAIN = join(import.meta.dirname, '../../dist/main.js');
const NO_AWS = {
  accessKeyId: undefined,
  secretAccessKey: undefined,
  sessionToken: undefined,
  region: undefined,
};

let s3: S3Setup;
let stack: Stack;
let server: HoldfastNode;
let folder: string;
let cache: string;
let key: string;
let clientKey: string;
let version: string;

/** The copies are there, and Redis and the nodes are gone before the first client comes. */
beforeAll(async () => {
  s3 = await startS3();
  folder = await mkdtemp(join(tmpdir(), 'hf-belt-'));
  cache = await mkdtemp(join(tmpdir(), 'hf-cache-'));
  const belt = `file:${folder} ${s3.url}`;
  stack = await startStack({
    nodes: 1,
    pushpins: 0,
    env: { GRIP_URL: '', GRIP_VERIFY_KEY: '', HOLDFAST_BELT: belt },
  });
  await stack.createEnvironment(1, { name: 'Production' });
  ({ version } = await stack.commit(1, [flag('flag.a', true), flag('flag.b', false)]));
  const issued = await stack.createKey(1);
  const client = await stack.createKey(1, 'client');
  ({ key } = issued);
  clientKey = client.key;
  for (const url of belt.split(' ')) {
    const bucket = await openBucket(url, NO_AWS);
    await until('the copy is there, with its keys', async () => {
      const manifest = await manifestIn(bucket);
      return `${manifest?.version}` === version && manifest?.keys.some(({ id }) => id === client.id);
    });
  }
  await stack.stop();
  server = await start();
});

afterAll(async () => {
  await OpenFeature.close();
  await server.stop();
  await s3.stop();
  for (const path of [folder, cache]) await rm(path, { recursive: true, force: true });
});

function start(): Promise<HoldfastNode> {
  return startNode({
    env: { HOLDFAST_CACHE: cache, HOLDFAST_REVALIDATE: '1', NODE_ENV: 'production' },
    command: [MAIN, 'serve', '--source', `${s3.url},file:${folder}`],
  });
}

async function snapshot(): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`a:${key}`).toString('base64')}`;
  return fetch(`${server.url}/api/v1/configs/0`, { headers: { authorization } });
}

async function valuesOfNodeSdk(): Promise<unknown[]> {
  const prefab = new Prefab({
    apiKey: key,
    sources: [server.url],
    enableSSE: true,
    enablePolling: false,
    collectLoggerCounts: false,
    contextUploadMode: 'none',
    collectEvaluationSummaries: false,
  });
  try {
    await prefab.init();
    return [prefab.get('flag.a'), prefab.get('flag.b')];
  } finally {
    prefab.close();
  }
}

describe('with nothing left but copies', () => {
  it('the unmodified SDK for node starts', async () => {
    expect(await valuesOfNodeSdk()).toEqual([true, false]);
  });

  it('the unmodified SDK for pages starts', async () => {
    const prefab = new PrefabInPages();
    await prefab.init({
      apiKey: clientKey,
      context: new Context({ user: { key: 'a' } }),
      endpoints: [`${server.url}/api/v2`],
      collectEvaluationSummaries: false,
      collectLoggerNames: false,
    });
    expect([prefab.get('flag.a'), prefab.get('flag.b')]).toEqual([true, false]);
  });

  it('an unmodified OpenFeature provider has values', async () => {
    const provider = new OFREPProvider({ baseUrl: server.url, headers: [['X-API-Key', clientKey]] });
    await OpenFeature.setProviderAndWait('belt', provider);
    const client = OpenFeature.getClient('belt');
    expect(await client.getBooleanValue('flag.a', false, { targetingKey: 'a' })).toBe(true);
  });

  it('a store that goes away too is not missed, and it says how old its answers are', async () => {
    await rm(folder, { recursive: true });
    s3.fault(() => ({ status: 503 }));
    const answer = await until('an answer that says it is old', async () => {
      const { status, headers } = await snapshot();
      return status === 200 && headers.has('holdfast-stale') ? headers : undefined;
    });
    expect(Number(answer.get('age'))).toBeGreaterThan(2);
    expect(answer.get('etag')).toBe(`"1-${version}"`);
    expect(await valuesOfNodeSdk()).toEqual([true, false]);
  });

  it('a belt server with nothing left but copies starts again from its own cache when every source is away', async () => {
    expect(await server.stop()).toBe(0);
    server = await start();
    const answer = await snapshot();
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, `"1-${version}"`]);
    expect(answer.headers.has('holdfast-stale')).toBe(true);
    expect(await valuesOfNodeSdk()).toEqual([true, false]);
    s3.fault(() => undefined);
    await until('it is current again', async () => !(await snapshot()).headers.has('holdfast-stale'));
  });
});
