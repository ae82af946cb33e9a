/** Traces over two nodes, Redis and Pushpin, as a receiver of OTLP gets them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flag, keys } from '../support/configs.js';
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.js';
import { openSse } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

let receiver: OtlpReceiver;
let stack: Stack;
let key: string;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  stack = await startStack({
    nodes: 2,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '200',
      LOG_LEVEL: 'debug',
    },
    envOf: (index) => ({ HOLDFAST_NODE_NAME: `node-${index + 1}` }),
  });
  await stack.createEnvironment(1);
  ({ key } = await stack.createKey(1));
});

afterAll(async () => {
  await stack.stop();
  await receiver.close();
});

const nodeOf = ({ resource }: ReceivedSpan): unknown => resource['service.instance.id'];

/** Waits for a span of a trace, on a node if one is named. */
function span(traceId: string, name: string, node?: string): Promise<ReceivedSpan> {
  return until(
    `the span ${name} of ${node ?? 'any node'} is received`,
    () =>
      receiver.spans.find(
        (each) =>
          each.traceId === traceId && each.name === name && (node === undefined || nodeOf(each) === node),
      ),
    {
      context: () =>
        receiver.spans
          .filter((each) => each.traceId === traceId)
          .map((each) => `${each.name} at ${String(nodeOf(each))}`)
          .join('\n'),
    },
  );
}

/** Places of the node that leads and of the other. */
async function roles(): Promise<{ leader: number; follower: number }> {
  const leader = await until('a node leads', async () => {
    const leads = await Promise.all(
      stack.nodes.map(async ({ url }) => {
        const body = (await (await fetch(`${url}/readyz`)).json()) as { lease: { leader: boolean } };
        return body.lease.leader;
      }),
    );
    return leads.includes(true) ? [leads.indexOf(true)] : undefined;
  });
  return { leader: leader[0]!, follower: 1 - leader[0]! };
}

describe('a trace', () => {
  it('a trace goes from the commit at one node through the feed to the publish by the leader', async () => {
    const { leader, follower } = await roles();
    const [led, other] = [`node-${leader + 1}`, `node-${follower + 1}`];
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const answer = await stack.admin('/admin/v1/environments/1/changes', {
      body: { configs: [flag('a', true)] },
      headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
      node: stack.nodes[follower]!,
    });
    expect(answer.status).toBe(200);

    const request = await span(traceId, 'POST /admin/v1/environments/:id/changes', other);
    const commit = await span(traceId, 'commit', other);
    const stored = await span(traceId, 'store.commit', other);
    const publish = await span(traceId, 'publish', led);
    expect(request).toMatchObject({ parentId: '00f067aa0ba902b7', kind: 2, failed: false });
    expect(request.attributes).toMatchObject({ 'http.response.status_code': '200' });
    expect(commit.parentId).toBe(request.spanId);
    expect(stored).toMatchObject({ parentId: commit.spanId, attributes: { 'db.system.name': 'redis' } });
    for (const node of [led, other]) {
      expect((await span(traceId, 'feed', node)).parentId).toBe(commit.spanId);
    }
    expect(publish.parentId).toBe(commit.spanId);
    expect(publish.attributes).toMatchObject({
      'holdfast.proxy': stack.pushpins[0]!.publishUrl,
      'holdfast.environment': '1',
      'holdfast.version': commit.attributes['holdfast.version'],
    });
    expect(publish.resource).toMatchObject({ 'service.name': 'holdfast' });
    expect(receiver.damaged).toEqual([]);
  });

  it('a trace has the subscription, the recovery and the evaluation of clients', async () => {
    const before = receiver.spans.length;
    const stream = await openSse(`${stack.url}/api/v1/sse/config`, { key });
    await until('the catch-up is here', () => keys(stream.events).length > 0);
    await fetch(`${stack.nodes[0]!.url}/ofrep/v1/evaluate/flags/a`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ context: { targetingKey: 'u' } }),
    });
    const named = (name: string) =>
      until(`the span ${name} is received`, () =>
        receiver.spans.slice(before).find((each) => each.name === name),
      );
    expect((await named('subscribe')).attributes).toMatchObject({
      'holdfast.hold': 'grip',
      'holdfast.decision': 'behind',
    });
    // Pushpin fetches the link once, soon after the first subscription to a channel.
    expect((await named('recovery')).attributes).toMatchObject({ 'holdfast.decision': 'current' });
    expect((await named('evaluate')).parentId).not.toBe('');
    stream.close();
  });

  it('a trace is named by the log lines of its requests', async () => {
    const traceId = 'aaaabbbbccccddddeeeeffff00001111';
    await stack.admin('/admin/v1/environments', {
      headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    });
    const line = await until('the line is written', () =>
      stack.nodes[0]!.logs()
        .split('\n')
        .find((each) => each.includes(traceId)),
    );
    expect(JSON.parse(line)).toMatchObject({ msg: 'request', node: 'node-1', traceId });
  });

  it('a trace is not made of health, nor with a traceparent that is malformed', async () => {
    await fetch(`${stack.nodes[0]!.url}/livez`);
    await fetch(`${stack.nodes[0]!.url}/nothing`, { headers: { traceparent: '00-zz-1-01' } });
    await until('the other is received', () =>
      receiver.spans.find(({ name, parentId }) => name === 'GET' && parentId === ''),
    );
    expect(receiver.spans.filter(({ name }) => name.includes('livez'))).toEqual([]);
  });
});
