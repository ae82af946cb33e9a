/**
 * A real Prometheus with the shipped configuration and alert rules, reading a real installation:
 * every query of the board is asked, and every rule evaluated.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { board } from '../../scripts/board.js';
import { read } from '../docs/markdown.js';
import { flag } from '../support/configs.js';
import { freePort } from '../support/ports.js';
import { endProcess, startProcess, type RunningProcess } from '../support/processes.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

/** The longest wait for scrapes, on a loaded machine. Milliseconds. */
const SOON = 90_000;

/** Queries about what this installation does not have, or what has not happened in it. */
const WITHOUT_DATA = [
  // There is no belt server.
  /holdfast_(source|cache|copies)/,
  // No publish failed, no direct hold ended, and no request or event was refused.
  /_publish_failures_|_direct_holds_ended_|"\[45\]|_inbox_rejected_/,
  // Nothing had to be sent again, and no rule reads what the request lacks.
  /_resync_items_|_evaluations_undecided_/,
];

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly unknown[] };
}

interface RuleState {
  readonly name: string;
  readonly health: string;
  readonly state: string;
  readonly lastError?: string;
  readonly labels: { readonly severity?: string };
}

let folder: string;
let stack: Stack;
let prometheus: RunningProcess;
let url: string;
let stream: SseConnection;

/** The shipped configuration, with addresses in place of names, and quick. */
function configuration(): string {
  const config = parse(read('observability/prometheus/prometheus.yml')) as {
    global: object;
    rule_files: string[];
    scrape_configs: { job_name: string }[];
  };
  const targets: Readonly<Record<string, string[]>> = {
    holdfast: stack.nodes.map((node) => new URL(node.url).host),
    pushpin: stack.pushpins.map(({ metricsUrl }) => new URL(metricsUrl).host),
  };
  return stringify({
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(folder, 'alerts.yml')],
    scrape_configs: config.scrape_configs.map(({ job_name }) => ({
      job_name,
      static_configs: [{ targets: targets[job_name] }],
    })),
  });
}

async function ask(path: string): Promise<Answer> {
  return (await (await fetch(`${url}/api/v1/${path}`)).json()) as Answer;
}

const query = (text: string) => ask(`query?query=${encodeURIComponent(text)}`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-prometheus-'));
  const belt = join(folder, 'copies');
  mkdirSync(belt);
  stack = await startStack({ nodes: 2, pushpins: 1, canary: true, env: { HOLDFAST_BELT: `file:${belt}` } });
  await stack.createEnvironment(1);
  const { key } = await stack.createKey(1);
  await stack.commit(1, [flag('a', true)]);
  stream = await openSse(`${stack.url}/api/v1/sse/config`, { key });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ context: { targetingKey: 'u1' } });
  for (const { url: node } of stack.nodes) {
    await (await fetch(`${node}/ofrep/v1/evaluate/flags/a`, { method: 'POST', headers, body })).text();
  }

  writeFileSync(join(folder, 'alerts.yml'), read('observability/prometheus/alerts.yml'));
  writeFileSync(join(folder, 'prometheus.yml'), configuration());
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  prometheus = startProcess({
    command: 'prometheus',
    args: [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    env: { PATH: process.env.PATH ?? '' },
    logFile: join(folder, 'prometheus.log'),
    onOrphaned: 'SIGKILL',
  });
  await until(
    'Prometheus reads the nodes and Pushpin',
    async () => {
      const answer = await query('count(up == 1)').catch(() => undefined);
      return JSON.stringify(answer?.data?.result ?? '').includes('"3"');
    },
    { timeout: SOON, context: () => prometheus.tail() },
  );
}, 180_000);

afterAll(async () => {
  stream.close();
  await endProcess(prometheus, 'SIGTERM', 20_000);
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('a Prometheus answers every query of the board, with data for all that this installation has', async () => {
  let changes = 0;
  const { panels } = board() as { panels: { title: string; targets?: { expr: string }[] }[] };
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  expect(queries.length).toBeGreaterThan(30);
  const asked = (text: string) =>
    query(
      text.replaceAll('$job', 'holdfast').replaceAll('$instance', '.+').replaceAll('$__rate_interval', '30s'),
    );
  for (const text of queries) {
    const { status, error } = await asked(text);
    expect([text, status, error]).toEqual([text, 'success', undefined]);
  }
  // A rate needs two scrapes, and some series begin with the first event.
  let missing = queries.filter((text) => !WITHOUT_DATA.some((pattern) => pattern.test(text)));
  await until(
    'every query has data',
    async () => {
      await stack.commit(1, [flag('a', changes++ % 2 === 0)]);
      const answers = await Promise.all(missing.map(asked));
      missing = missing.filter((_, i) => answers[i]?.data?.result.length === 0);
      return missing.length === 0;
    },
    { timeout: SOON, interval: 500, context: () => missing.join('\n') },
  );
}, 300_000);

it('a Prometheus evaluates every alert rule, and none is raised where all is well', async () => {
  await until(
    'every rule was evaluated',
    async () => {
      const { data } = (await ask('rules?type=alert')) as unknown as {
        data: { groups: { rules: RuleState[] }[] };
      };
      const rules = data.groups.flatMap((group) => group.rules);
      const wrong = rules.filter(({ health }) => health === 'err');
      expect(wrong.map(({ name, lastError }) => [name, lastError])).toEqual([]);
      const raised = rules.filter(({ state }) => state === 'firing');
      expect(raised.map(({ name }) => name)).toEqual([]);
      return rules.length > 10 && rules.every(({ health }) => health === 'ok');
    },
    { timeout: SOON },
  );
});
