/** The series of /metrics: what clients send makes no more of them than there are routes and answers. */
import { request, METHODS, Agent } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deterministicRandom } from '../../src/evaluate/random.js';
import { BeltServerMetrics } from '../../src/observe/belt-server-metrics.js';
import { NodeMetrics } from '../../src/observe/node-metrics.js';
import { basic, startApp, type TestApp, type TestEnvironment } from '../support/app.js';

const ODD_REQUESTS = 2_000;
/** Series of requests: their routes, methods and statuses; a histogram counts as one. */
const MAX_NEW = 150;

/** Every label of a node, with what bounds its values. A label that is not here needs a bound first. */
const BOUNDS: Readonly<Record<string, string>> = {
  bucket: 'HOLDFAST_BELT',
  code: 'error codes',
  condition: 'conditions of readiness',
  decision: 'decisions about subscriptions',
  environment: 'the thousand that changed last',
  hold: 'kinds of holds',
  http_request_method: 'methods of the route, and _OTHER',
  http_response_status_code: 'statuses of answers',
  http_route: 'patterns of routes',
  kind: 'kinds, written in the source',
  lag: 'classes of lag',
  le: 'buckets of a histogram',
  lease: 'leases of the store',
  limit: 'limits',
  major: 'version of Node',
  minor: 'version of Node',
  node: 'version of Node',
  outcome: 'outcomes of reads',
  patch: 'version of Node',
  port: 'clients, operators',
  proxy: 'proxies of GRIP_URL',
  quantile: 'quantiles',
  reason: 'reasons, written in the source',
  route: 'patterns of routes',
  source: 'HOLDFAST_SOURCE',
  space: 'spaces of the heap',
  status: 'statuses of answers',
  stream: 'kinds of streams',
  type: 'types of resources of Node',
  version: 'version of Holdfast',
  why: 'reasons, written in the source',
};

let app: TestApp;
let environment: TestEnvironment;
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

beforeAll(async () => {
  app = await startApp();
  environment = await app.environment();
});

afterAll(async () => {
  agent.destroy();
  await app.close();
});

/** The series, histograms and summaries once each. */
async function series(): Promise<Set<string>> {
  const { text } = await app.http.get('/metrics');
  const found = text.split('\n').flatMap((line) => /^([a-zA-Z_:]+(?:\{.*\})?) /.exec(line)?.[1] ?? []);
  return new Set(found.filter((name) => !/_(bucket|sum)(\{|$)/.test(name)));
}

describe('the series of /metrics', () => {
  it('2,000 odd requests of clients make no more than a fixed number of series, and the second thousand hardly any', async () => {
    const draw = deterministicRandom('odd requests');
    let drawn = 0;
    const random = () => draw(`${drawn++}`);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const odd = () => Math.floor(random() * 1e9).toString(36);
    const paths = [
      () => '/api/v1/configs/0',
      () => `/api/v1/configs/${odd()}`,
      () => `/api/v2/configs/eval-with-context/${odd()}`,
      () => '/api/v1/sse/config/',
      () => `/api/v1/sse/recover/${odd()}`,
      () => `/api/v1/${odd()}`,
      () => `/${odd()}/${odd()}`,
      () => `/ofrep/v1/evaluate/flags/${odd()}`,
      () => `/ofrep/v1/evaluate/flags?${odd()}=${odd()}`,
      () => `/ofrep/v1/streams/${odd()}`,
      () => `/api/v1/telemetry?${odd()}`,
      () => `/admin/v1/environments/${odd()}/${odd()}`,
      () => `/admin/v1/environments/${environment.id}/configs/${odd()}`,
      () => `/admin/v1/${pick(['operators', 'audit', 'delivery', 'self', 'sign-in', odd()])}`,
      () => `/console/${odd()}`,
      () => `/%2e%2e/${odd()}`,
      () => `//${odd()}`,
      () => `/metrics/${odd()}`,
      () => '/livez',
      () => '/readyz',
      () => `/${'x'.repeat(1_000)}`,
    ];
    const methods = METHODS.filter((method) => method !== 'CONNECT');
    const send = (): Promise<void> =>
      new Promise((resolve) => {
        const headers: Record<string, string> = {
          'user-agent': `sdk-${odd()}/${odd()}`,
          host: pick([`${odd()}.example`, 'localhost', '[::1]']),
          'x-prefab-client-version': `${odd()}-${odd()}`,
          'x-request-id': odd(),
          [`x-${odd()}`]: odd(),
          authorization: pick([basic(environment.key), basic(odd()), `Bearer ${odd()}`, odd()]),
          accept: pick(['text/event-stream', 'application/json', odd()]),
          'last-event-id': odd(),
          'if-none-match': `"${odd()}"`,
          connection: 'keep-alive',
          'content-type': pick(['application/json', 'application/x-protobuf', odd() + '/x']),
          'content-encoding': pick(['identity', 'gzip', odd()]),
          'grip-sig': odd(),
        };
        if (random() < 0.8) delete headers['grip-sig'];
        const { port } = new URL(app.url);
        const sent = request(
          { port, agent, path: pick(paths)(), method: pick(methods), headers },
          (answer) => {
            // A stream lasts until its client leaves.
            if (answer.headers['content-type'] === 'text/event-stream') answer.destroy();
            answer.resume();
            answer.once('close', resolve);
          },
        );
        sent.once('error', () => resolve());
        sent.setTimeout(5_000, () => sent.destroy());
        sent.end(random() < 0.3 ? odd() : undefined);
      });
    const round = async (count: number): Promise<number> => {
      for (let sent = 0; sent < count; sent += 4) await Promise.all([send(), send(), send(), send()]);
      return (await series()).size;
    };
    const before = (await series()).size;
    const half = await round(ODD_REQUESTS / 2);
    const whole = await round(ODD_REQUESTS / 2);
    expect(whole - before).toBeLessThanOrEqual(MAX_NEW);
    expect(whole - half).toBeLessThanOrEqual((half - before) / 2);
  }, 120_000);

  it('the series of a method that a route does not have are one for the route', async () => {
    for (const method of ['DELETE', 'PATCH', 'PUT', 'PURGE', 'PROPFIND'] as const) {
      await fetch(`${app.url}/livez`, { method });
    }
    const refused = [...(await series())].filter(
      (name) => name.startsWith('http_server') && name.includes('/livez') && name.includes('"405"'),
    );
    expect(refused).toHaveLength(1);
    expect(refused[0]).toContain('http_request_method="_OTHER"');
  });

  it('every label of the registry has values that something bounds', async () => {
    const labels = new Set(
      [...(await series())].flatMap((name) =>
        [...name.matchAll(/[{,]([a-z_]+)="/g)].map(([, label]) => label ?? ''),
      ),
    );
    const registries = [new NodeMetrics().registry, new BeltServerMetrics().registry];
    const declared = registries
      .flatMap((registry) => registry.getMetricsAsArray())
      .flatMap((metric) => (metric as unknown as { labelNames: string[] }).labelNames);
    for (const label of declared) labels.add(label);
    expect([...labels].filter((label) => BOUNDS[label] === undefined)).toEqual([]);
  });
});
