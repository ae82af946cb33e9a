/** The pages of docs/reference against the code: those that are made from it, and the metrics. */
import { expect, describe, it } from 'vitest';
import { referencePages } from '../../scripts/reference.js';
import { startApp } from '../support/app.js';
import { newBucket, removeBuckets, startBeltServer } from '../support/copies.js';
import { read, section } from './markdown.js';

/** The metrics of a server by its answer to `GET /metrics`, each with its type. */
async function exportedMetrics(url: string): Promise<string[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(/^# TYPE ((?:holdfast|http_server)_\w+) (\w+)$/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
}

/** The metrics in the list below a heading, each with its type. */
function documentedMetrics(heading: string): string[] {
  const list = section(read('docs/reference/metrics.md'), heading).matchAll(
    /^- `((?:holdfast|http_server)_\w+)`\s\((\w+)/gm,
  );
  return [...list].map(([, name, type]) => `${name} ${type}`);
}

describe('files made by npm run docs', () => {
  it.each([
    'docs/reference/settings.md',
    'docs/reference/command-line.md',
    'docs/reference/flag-file.md',
    'docs/reference/flag-file.schema.json',
    'docs/reference/openapi.json',
    'src/admin/schema.ts',
    'observability/grafana/holdfast.json',
    'THIRD_PARTY_NOTICES.md',
    'charts/holdfast/README.md',
    'charts/holdfast/files/pushpin.conf',
    'charts/holdfast/files/routes',
    'charts/holdfast/files/alerts.yml',
  ])('files made by npm run docs are current: %s', async (path) => {
    expect(read(path)).toBe((await referencePages()).get(path));
  });
});

describe('docs/reference/metrics.md', () => {
  it('docs/reference/metrics.md has every metric of a node, with its type', async () => {
    const app = await startApp();
    const exported = await exportedMetrics(app.url);
    await app.close();
    expect(documentedMetrics('Node').sort()).toEqual(exported.sort());
  });

  it('docs/reference/metrics.md has every metric of a belt server, with its type', async () => {
    const server = await startBeltServer({ sources: [], cache: await newBucket() });
    const exported = await exportedMetrics(server.url);
    await server.close();
    await removeBuckets();
    const shared = [
      'holdfast_build_info gauge',
      'holdfast_connections_cut_total counter',
      'holdfast_evaluations_over_budget_total counter',
      'holdfast_evaluations_undecided_total counter',
      'holdfast_http_requests_total counter',
      'http_server_request_duration_seconds histogram',
      'holdfast_proxied_internal_requests_total counter',
      'holdfast_rate_limited_total counter',
      'holdfast_event_loop_delay_seconds gauge',
    ];
    for (const metric of shared) expect(documentedMetrics('Node')).toContain(metric);
    expect([...documentedMetrics('Belt server'), ...shared].sort()).toEqual(exported.sort());
  });
});
