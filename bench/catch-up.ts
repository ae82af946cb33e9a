/**
 * Subscriptions that one node answers in a second, each with the catch-up of 100 configs, against
 * an Express server that says hello.
 */
import { SignJWT } from 'jose';
import { Pool } from 'undici';
import { flag } from '../test/support/configs.js';
import type { Stack } from '../test/support/stack.js';
import { endChild, nextMessage, startChild } from './children.js';
import { milliseconds } from './poster.js';

export const CONFIGS = 100;

export interface CatchUpRound {
  /** Answers a second. */
  readonly subscribes: number;
  readonly hello: number;
}

export interface CatchUpResult {
  readonly rounds: readonly CatchUpRound[];
  /** The size of one catch-up, bytes. */
  readonly bytes: number;
}

/** Requests that are on their way at a time, each on a connection of its own. */
const AT_ONCE = 16;

export async function measureCatchUp(
  stack: Stack,
  environment: number,
  plan: { rounds: number; requests: number },
): Promise<CatchUpResult> {
  await stack.createEnvironment(environment);
  const configs = Array.from({ length: CONFIGS }, (_, index) => flag(`bench.flag.${index}`, true));
  await stack.commit(environment, configs);
  const { key } = await stack.createKey(environment);
  const subscribe = await subscribing(stack, key);
  const hello = await greeting();
  try {
    // Compiles what is measured, on both sides.
    const bytes = await subscribe.once();
    await rate(subscribe, plan.requests / 2);
    await rate(hello, plan.requests / 2);
    const rounds: CatchUpRound[] = [];
    for (let i = 0; i < plan.rounds; i++) {
      rounds.push({
        subscribes: await rate(subscribe, plan.requests),
        hello: await rate(hello, plan.requests),
      });
    }
    return { rounds, bytes };
  } finally {
    await hello.close();
    await subscribe.close();
  }
}

interface Server {
  /** One request; resolves to the size of the answer's body, bytes. */
  once(): Promise<number>;
  close(): Promise<void>;
}

/** As a GRIP proxy asks: with its signature, so that the answer is finite. */
async function subscribing(stack: Stack, key: string): Promise<Server> {
  const signature = await new SignJWT({ iss: 'pushpin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(Buffer.from(stack.secrets.gripKey));
  return asking(stack.nodes[0]!.url, '/api/v1/sse/config', {
    authorization: `Basic ${Buffer.from(`bench:${key}`).toString('base64')}`,
    'grip-sig': signature,
  });
}

async function greeting(): Promise<Server> {
  const child = startChild('hello.ts');
  const port = (await nextMessage(child)) as number;
  const server = asking(`http://127.0.0.1:${port}`, '/', {});
  return {
    ...server,
    close: async () => {
      await server.close();
      await endChild(child);
    },
  };
}

function asking(url: string, path: string, headers: Readonly<Record<string, string>>): Server {
  const pool = new Pool(url, { connections: AT_ONCE, pipelining: 1 });
  return {
    once: async () => {
      const answer = await pool.request({ method: 'GET', path, headers });
      const body = await answer.body.arrayBuffer();
      if (answer.statusCode !== 200) throw new Error(`${url}${path} answered ${answer.statusCode}`);
      return body.byteLength;
    },
    close: () => pool.close(),
  };
}

async function rate(server: Server, requests: number): Promise<number> {
  let left = requests;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await server.once();
  };
  const from = process.hrtime.bigint();
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return requests / (milliseconds(from, process.hrtime.bigint()) / 1000);
}
