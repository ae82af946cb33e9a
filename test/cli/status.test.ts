/** The state of a node as the command prints it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Printer } from '../../src/cli/printer.js';
import { headline, readMetrics, statusLines, type ReadinessBody } from '../../src/cli/status.js';
import { startApp, type TestApp } from '../support/app.js';
import { until } from '../support/until.js';
import { run, start } from './run.js';

// eslint-disable-next-line no-control-regex -- these are what must not be there
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

function printed(readiness: ReadinessBody, metrics = ''): string {
  let text = '';
  const out = new Printer({ write: (part) => (text += part) }, { colours: false, width: undefined });
  out.line(...headline(readiness, 'http://node'));
  for (const [about, ...said] of statusLines(readiness, readMetrics(metrics))) out.line(about, ': ', ...said);
  return text;
}

describe('the status of a node', () => {
  it('the status of a node with proxies and buckets has a line for each', () => {
    const readiness = {
      status: 'degraded',
      degraded: ['proxy'],
      version: '1.2.3',
      store: { name: 'redis 127.0.0.1:6379', state: 'current', writes: { state: 'ok' } },
      feed: { lagMs: 12 },
      environments: 3,
      holds: { direct: 7, max: 10_000 },
      lease: { leader: true },
      clock: { offsetMs: 1 },
      publisher: {
        leader: true,
        proxies: [
          { proxy: 'http://a:5561', state: 'ok', waiting: 0, missed: 0 },
          { proxy: 'http://b:5561', state: 'failing', waiting: 4, missed: 1, error: 'refused' },
        ],
      },
      belt: { writer: true, buckets: [{ bucket: 'file ./copies', state: 'ok', waiting: 0 }] },
      inbox: { waiting: 2, rejected: 1 },
    };
    const metrics =
      'holdfast_commits_total 5\nholdfast_rejected_waiting 1\nholdfast_subscribes_total{a="b"} 2\n';
    expect(printed(readiness, metrics)).toBe(`Holdfast 1.2.3 at http://node: degraded (proxy)
store: redis 127.0.0.1:6379
writes: ok
feed: 12 ms behind
environments: 3 in memory
direct holds: 7 of at most 10000
leader: this node
proxy: http://a:5561: ok, waiting 0, missed 0
proxy: http://b:5561: failing, waiting 4, missed 1, error refused
bucket: file ./copies: ok, waiting 0
inbox: waiting 2, rejected 1
clock: 1 ms off the store's
subscriptions: 2 since the start
changes: 5 committed through this node
rejected events: 1: holdfast rejected list shows them
`);
  });

  it('the status of a node without a store says what is wrong', () => {
    const writes = { state: 'refused', since: '2026-01-01T00:00:00.000Z', error: 'READONLY' };
    const text = printed({
      status: 'degraded',
      store: { name: 's', state: 'away', missingEnvironments: 2, writes },
    });
    expect(text).toContain('store: s, unavailable, 2 environments are missing; see holdfast restore');
    expect(text).toContain('writes: refused since 2026-01-01T00:00:00.000Z: READONLY');
  });

  it('the status of a node shows no control characters of what it names', () => {
    const proxies = [{ proxy: '\u001b[2J', state: '\u0007', error: '\u009b31m\r\nx' }];
    expect(printed({ status: 'ready', publisher: { proxies } })).not.toMatch(OBEYED);
  });
});

describe('holdfast status', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startApp();
  });
  afterEach(() => app.close());

  it('holdfast status needs no credential and says that a node is ready', async () => {
    const { code, out } = await run(['status', '--url', app.url]);
    expect(code).toBe(0);
    expect(out).toMatch(/^Holdfast \d+\.\d+\.\d+ at http:\/\/127\.0\.0\.1:\d+: ready\n {2}store {2,}file /);
    const json = await run(['status', '--json', '--url', app.url]);
    expect(JSON.parse(json.out)).toMatchObject({
      readiness: { status: 'ready' },
      metrics: { holdfast_store_up: 1 },
    });
  });

  it('holdfast status exits with 1 for a node that is not ready', async () => {
    app.enter('stopping');
    expect(await run(['status', '--url', app.url])).toMatchObject({
      code: 1,
      err: 'holdfast: The server is not ready: stopping.\n',
    });
  });

  it('holdfast status --watch goes on until Ctrl-C', async () => {
    const running = start(['status', '--watch', '--json', '--every', '0.5', '--url', app.url]);
    await until('two looks', () => running.out().split('\n').length > 2);
    running.stop();
    expect(await running.done).toBe(0);
    expect(new Set(running.slept())).toEqual(new Set([500]));
  });

  it.each(['0', 'x', '-1', '1e9'])('holdfast status refuses %s seconds', async (every) => {
    expect(await run(['status', '--watch', `--every=${every}`])).toMatchObject({ code: 2 });
  });
});
