/**
 * The belt writer as part of nodes, and alone, on a real Redis: whichever process dies or stands
 * still, copies go on and never go back.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bucket } from '../../src/bucket/bucket.js';
import { openBucket } from '../../src/bucket/open.js';
import { copyIn, manifestIn, versionIn } from '../support/belt.js';
import { flag } from '../support/configs.js';
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
const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '../../dist/main.js');

let s3: S3Setup;
let directory: string;
let folder: Bucket;
let bucket: Bucket;
let belt: string;
let stack: Stack;

beforeEach(async () => {
  s3 = await startS3();
  directory = await mkdtemp(join(tmpdir(), 'holdfast-belt-'));
  belt = `file:${directory} ${s3.url}`;
  folder = await openBucket(`file:${directory}`, NO_AWS);
  bucket = await openBucket(s3.url, NO_AWS);
});

afterEach(async () => {
  s3.fault(() => undefined);
  await stack.stop();
  await s3.stop();
  await rm(directory, { recursive: true, force: true });
});

async function start(nodes: number, env: Record<string, string>): Promise<void> {
  stack = await startStack({ nodes, pushpins: 0, env: { GRIP_URL: '', GRIP_VERIFY_KEY: '', ...env } });
  await stack.createEnvironment(1, { name: 'Production' });
}

async function commit(name: string): Promise<bigint> {
  return BigInt((await stack.commit(1, [flag(name, true)])).version);
}

const reaches = (version: bigint) =>
  until(
    `version ${version} is in both buckets`,
    async () => (await versionIn(folder)) === version && (await versionIn(bucket)) === version,
    { timeout: 20_000 },
  );

/** The place of the node that writes copies. */
async function writer(): Promise<number> {
  return until('a node writes copies', async () => {
    for (const [i, node] of stack.nodes.entries()) {
      const { belt } = (await (await fetch(`${node.url}/readyz`)).json()) as { belt?: { writer: boolean } };
      if (belt?.writer === true) return i + 1;
    }
    return undefined;
  }).then((place) => place - 1);
}

describe('nodes with buckets', () => {
  it('copy each change and each key to every bucket, and another node goes on when the one that wrote is killed', async () => {
    await start(2, { HOLDFAST_BELT: belt });
    await reaches(await commit('first'));
    const { id } = await stack.createKey(1);
    await until('the key is there', async () =>
      (await manifestIn(bucket))?.keys.some((key) => key.id === id),
    );
    const killed = stack.nodes[await writer()]!;
    await killed.kill();
    const other = stack.nodes.find((node) => node !== killed)!;
    await reaches(await commitThrough(other, 'second'));
    expect((await copyIn(bucket))?.configs).toEqual(['first', 'second']);
    expect((await copyIn(folder))?.configs).toEqual(['first', 'second']);
  });

  it('nodes with buckets never take a copy back when the one that wrote stands still, and wakes up after another took over', async () => {
    await start(2, { HOLDFAST_BELT: belt });
    await reaches(await commit('first'));
    const sleeper = stack.nodes[await writer()]!;
    const other = stack.nodes.find((node) => node !== sleeper)!;
    // It stands still with a manifest on its way.
    let asked: () => void = () => undefined;
    const onItsWay = new Promise<void>((resolve) => (asked = resolve));
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let first = true;
    s3.fault(({ method, name }) => {
      if (!first || method !== 'PUT' || !name.endsWith('latest.json')) return undefined;
      first = false;
      asked();
      return released;
    });
    const second = await commit('second');
    await onItsWay;
    process.kill(sleeper.pid, 'SIGSTOP');
    const third = await commitThrough(other, 'third');
    await reaches(third);
    release();
    process.kill(sleeper.pid, 'SIGCONT');
    const fourth = await commitThrough(other, 'fourth');
    await reaches(fourth);
    expect(second < third && third < fourth).toBe(true);
    expect((await copyIn(bucket))?.configs).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('nodes with buckets say that a bucket fails, how far it is behind, and write to the others', async () => {
    await start(1, { HOLDFAST_BELT: belt });
    await reaches(await commit('first'));
    s3.fault(() => ({ status: 503 }));
    const version = await commit('second');
    await until('the folder has it', async () => (await versionIn(folder)) === version);
    const { url } = stack.nodes[0]!;
    const readiness = await until('it is said', async () => {
      const body = (await (await fetch(`${url}/readyz`)).json()) as Record<string, unknown>;
      return body.status === 'degraded' && body;
    });
    expect(readiness).toMatchObject({
      degraded: ['belt'],
      belt: { writer: true, buckets: [{ state: 'ok' }, { state: 'failing', behind: 1 }] },
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const name = `s3 belt/flags at 127.0.0.1:${s3.port}`;
    expect(metrics).toContain(`holdfast_belt_behind_environments{bucket="${name}"} 1`);
    expect(metrics).toMatch(new RegExp(`holdfast_belt_failures_total{bucket="${name}"} [1-9]`));
    expect(metrics).toContain(`holdfast_belt_behind_environments{bucket="file ${directory}"} 0`);
    expect(metrics).not.toContain('S3RVER:');
    expect(stack.nodes[0]!.logs()).not.toContain('S3RVER:');
  });
});

describe('holdfast belt', () => {
  let alone: HoldfastNode;

  async function startAlone(): Promise<void> {
    const env = { HOLDFAST_STORE: stack.redis.url, HOLDFAST_BELT: belt, HOLDFAST_DRAIN: '2' };
    alone = await startNode({ env, command: [MAIN, 'belt'] });
  }

  it('copies without serving, needs no secrets, and ends with 0', async () => {
    await start(1, {});
    await startAlone();
    await reaches(await commit('first'));
    expect(await (await fetch(`${alone.url}/readyz`)).json()).toMatchObject({
      status: 'ready',
      belt: { writer: true },
    });
    expect((await fetch(`${alone.url}/api/v1/configs/0`)).status).toBe(404);
    expect(await (await fetch(`${alone.url}/metrics`)).text()).toContain('holdfast_belt_writes_total');
    const version = await commit('second');
    expect(await alone.stop()).toBe(0);
    expect(await versionIn(bucket)).toBe(version);
  });

  it('bounds the connections of its port as every process does, and counts those that it cuts', async () => {
    await start(1, {});
    await startAlone();
    connect(alone.port, '127.0.0.1')
      .on('error', () => undefined)
      .end('no request\r\n\r\n');
    await until('the connection is counted', async () =>
      (await (await fetch(`${alone.url}/metrics`)).text()).includes(
        'holdfast_connections_cut_total{port="clients",reason="malformed"} 1',
      ),
    );
    expect(await alone.stop()).toBe(0);
  });

  it('leaves copies as they are when Redis is started empty, and they bring back what it lost', async () => {
    await start(1, {});
    await startAlone();
    const version = await commit('first');
    const { id } = await stack.createKey(1);
    await reaches(version);
    await until('the key is there', async () =>
      (await manifestIn(bucket))?.keys.some((key) => key.id === id),
    );
    const before = await copyIn(bucket);
    const redis = new Redis(stack.redis.url);
    await redis.flushall();
    redis.disconnect();
    await alone.stop();
    await startAlone();
    await until('the loss is said', () => alone.logs().includes('the bucket has what the store lost'));
    expect(await copyIn(bucket)).toEqual(before);
    await alone.stop();
    const env = { PATH: process.env.PATH ?? '', HOLDFAST_STORE: stack.redis.url, HOLDFAST_BELT: belt };
    await run(process.execPath, [MAIN, 'restore', '--from', s3.url], { env });
    const verified = await run(process.execPath, [MAIN, 'belt', 'verify', '--all'], { env });
    expect(verified.stdout.match(/ equal /g)).toHaveLength(2);
  });
});

async function commitThrough(node: HoldfastNode, name: string): Promise<bigint> {
  const body = { configs: [flag(name, true)] };
  const answer = await stack.admin('/admin/v1/environments/1/changes', { method: 'POST', body, node });
  return BigInt(((await answer.json()) as { version: string }).version);
}
