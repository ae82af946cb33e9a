/**
 * The canary on real parts: it measures delivery through each proxy, notices a proxy that delivers
 * nothing within T and the interval of its changes, and never touches the delivery of others.
 */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTcpLink, type TcpLink } from '../../chaos/tcp-link.js';
import { canaryKeyText } from '../../src/canary/key.js';
import type { CanaryProxyStatus, CanaryStatus } from '../../src/canary/canary.js';
import { flag, keys } from '../support/configs.js';
import type { HoldfastNode } from '../support/node.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const T = 5;
/** T, the 10 s between two changes, and what a loaded machine takes. Milliseconds. */
const NOTICED = (T + 10 + 10) * 1000;

let stack: Stack;
let links: TcpLink[];
let key: string;
const open: SseConnection[] = [];

beforeAll(async () => {
  // Known when everything runs; the canary tries its links before.
  const ports: number[] = [];
  links = await Promise.all([0, 1].map((i) => startTcpLink(() => ports.at(i))));
  stack = await startStack({
    nodes: 2,
    pushpins: 2,
    env: {
      HOLDFAST_STALENESS: `${T}`,
      HOLDFAST_CANARY: links.map(({ port }) => `http://127.0.0.1:${port}`).join(' '),
    },
  });
  ports.push(...stack.pushpins.map(({ url }) => Number(new URL(url).port)));
  await stack.createEnvironment(1);
  ({ key } = await stack.createKey(1));
  await stack.commit(1, [flag('first', true)]);
}, 60_000);

afterAll(async () => {
  await stack.stop();
  for (const link of links) await link.stop();
});

afterEach(() => {
  for (const link of links) link.fault = 'none';
  for (const connection of open.splice(0)) connection.close();
});

async function canaryOf(node: HoldfastNode): Promise<CanaryStatus> {
  const body = (await (await fetch(`${node.url}/readyz`)).json()) as { canary: CanaryStatus };
  return body.canary;
}

/** The canary of the node that leads. */
async function canary(): Promise<CanaryStatus> {
  for (const node of stack.nodes) {
    const found = await canaryOf(node).catch(() => undefined);
    if (found?.leader === true) return found;
  }
  return { leader: false, proxies: [] };
}

async function proxy(i: number): Promise<CanaryProxyStatus | undefined> {
  const name = stack.pushpins[i]!.publishUrl;
  return (await canary()).proxies.find((each) => each.proxy === name);
}

async function metrics(name: string): Promise<Map<string, number>> {
  const texts = await Promise.all(
    stack.nodes.map(async (node) =>
      fetch(`${node.url}/metrics`).then(
        (answer) => answer.text(),
        () => '',
      ),
    ),
  );
  const values = new Map<string, number>();
  for (const [, labels = '', value] of texts
    .join('\n')
    .matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)$`, 'gm'))) {
    values.set(labels, (values.get(labels) ?? 0) + Number(value));
  }
  return values;
}

const allOk = () =>
  until(
    'the canary receives its changes from both',
    async () => {
      const { proxies } = await canary();
      return (
        proxies.length === 2 && proxies.every(({ state, lastMs }) => state === 'ok' && lastMs !== undefined)
      );
    },
    { timeout: 40_000 },
  );

async function subscribe(i: number): Promise<SseConnection> {
  const connection = await openSse(`${stack.pushpins[i]!.url}/api/v1/sse/config`, { key });
  open.push(connection);
  await connection.waitFor(({ events }) => keys(events).includes('first'));
  return connection;
}

/** A change reaches ordinary clients of both proxies, whatever the canary does. */
async function othersAreServed(name: string): Promise<void> {
  const clients = await Promise.all([subscribe(0), subscribe(1)]);
  await stack.commit(1, [flag(name, true)]);
  for (const client of clients) await client.waitFor(({ events }) => keys(events).includes(name));
}

it('the canary measures delivery through each proxy, under the name that the publisher has for it', async () => {
  await allOk();
  const counts = await metrics('holdfast_delivery_seconds_count');
  const names = stack.pushpins.map(({ publishUrl }) => `proxy="${publishUrl}"`);
  expect([...counts.keys()].sort()).toEqual(names.sort());
  for (const count of counts.values()) expect(count).toBeGreaterThan(0);
  expect([...(await metrics('holdfast_canary_silent')).values()]).toEqual([0, 0]);
  expect(await canaryOf(stack.nodes[0]!).then(({ leader }) => typeof leader)).toBe('boolean');
}, 60_000);

it("the canary's environment is in no list, and its key opens nothing but its own stream", async () => {
  const canaryKey = canaryKeyText(stack.secrets.secret);
  const listed = (await (await stack.admin('/admin/v1/environments')).json()) as {
    environments: { id: string }[];
  };
  expect(listed.environments.map(({ id }) => id)).toEqual(['1']);
  expect((await stack.admin('/admin/v1/environments/0')).status).toBe(400);
  const authorization = `Basic ${Buffer.from(`u:${canaryKey}`).toString('base64')}`;
  for (const path of ['/api/v1/configs/0', '/api/v1/configs/0?format=json']) {
    const answer = await fetch(`${stack.url}${path}`, { headers: { authorization } });
    expect([path, answer.status]).toEqual([path, 401]);
  }
  const direct = await fetch(`${stack.nodes[0]!.url}/api/v1/sse/config`, { headers: { authorization } });
  expect([direct.status, await direct.text()]).toEqual([501, expect.stringContaining('HOLDFAST_CANARY')]);
  const metricsText = await (await fetch(`${stack.nodes[0]!.url}/metrics`)).text();
  expect(metricsText).not.toContain('environment="0"');
});

it('the canary notices a proxy that takes connections and delivers nothing, and that it is back', async () => {
  await allOk();
  const [, other] = stack.pushpins;
  const handlers = stack.pushpins[0]!.pids;
  for (const pid of handlers) process.kill(pid, 'SIGSTOP');
  try {
    await until('the stopped proxy is silent', async () => (await proxy(0))?.state === 'silent', {
      timeout: NOTICED,
    });
    const silent = await metrics('holdfast_canary_silent');
    expect(silent.get(`proxy="${stack.pushpins[0]!.publishUrl}"`)).toBe(1);
    expect(silent.get(`proxy="${other!.publishUrl}"`)).toBe(0);
    const leader = (await Promise.all(stack.nodes.map((node) => fetch(`${node.url}/readyz`)))).map(
      async (answer) => ({
        status: answer.status,
        body: (await answer.json()) as { degraded?: string[]; canary: CanaryStatus },
      }),
    );
    const leading = (await Promise.all(leader)).find(({ body }) => body.canary.leader);
    expect([leading?.status, leading?.body.degraded]).toEqual([200, expect.arrayContaining(['canary'])]);
    const client = await subscribe(1);
    await stack.commit(1, [flag('during silence', true)]);
    await client.waitFor(({ events }) => keys(events).includes('during silence'));
  } finally {
    for (const pid of handlers) process.kill(pid, 'SIGCONT');
  }
  await allOk();
}, 120_000);

it('the canary notices a way to clients on which nothing passes, while the proxy accepts every item', async () => {
  await allOk();
  links[0]!.fault = 'silent';
  await until('the cut proxy is silent', async () => (await proxy(0))?.state === 'silent', {
    timeout: NOTICED,
  });
  await othersAreServed('while the way is silent');
  links[0]!.fault = 'none';
  await allOk();
}, 120_000);

it('the canary notices a client port that is dead and says why, and ordinary clients are served', async () => {
  await allOk();
  links[1]!.fault = 'cut';
  await until('the dead proxy is silent', async () => (await proxy(1))?.state === 'silent', {
    timeout: NOTICED,
  });
  expect((await proxy(1))?.error).toEqual(expect.stringMatching(/\S/));
  expect((await proxy(0))?.state).toBe('ok');
  await othersAreServed('while the port is dead');
  links[1]!.fault = 'none';
  await allOk();
}, 120_000);

it('the canary goes on with the next leader, without a change that is delivered twice', async () => {
  await allOk();
  const witness = await openSse(`${stack.url}/api/v1/sse/config`, {
    key: canaryKeyText(stack.secrets.secret),
  });
  open.push(witness);
  const leading = async () => {
    for (const node of stack.nodes)
      if ((await canaryOf(node).catch(() => undefined))?.leader === true) return node;
    return undefined;
  };
  const first = await leading();
  await first!.restart();
  await until('another node measures', async () => ((await leading()) ?? first) !== first, {
    timeout: 30_000,
  });
  await allOk();
  const before = witness.events.length;
  await witness.waitFor(({ events }) => events.length >= before + 2, 40_000);
  const ids = witness.events.map(({ id }) => BigInt(id ?? '0'));
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => (a < b ? -1 : 1)));
}, 120_000);
