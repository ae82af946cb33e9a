/** The pages of docs/reference against the code: those that are made from it, and the metrics. */
import { expect, describe, it } from 'vitest';
import { referencePages } from '../../scripts/reference.js';
import { startApp } from '../support/app.js';
import { startCopyServer } from '../support/copies.js';
import { read, section } from './markdown.js';

/** The metrics of a server by its answer to `GET /metrics`, each with its type. */
async function exportedMetrics(url: string): Promise<string[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(/^# TYPE (holdfast_\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
}

/** The metrics in the list below a heading, each with its type. */
function documentedMetrics(heading: string): string[] {
  const list = section(read('docs/reference/metrics.md'), heading).matchAll(/^- `(holdfast_\w+)`\s\((\w+)/gm);
  return [...list].map(([, name, type]) => `${name} ${type}`);
}

describe('docs/reference', () => {
  it.each(['settings.md', 'command-line.md'])(
    'docs/reference has a current %s (npm run docs)',
    async (name) => {
      const path = `docs/reference/${name}`;
      expect(read(path)).toBe((await referencePages()).get(path));
    },
  );
});

describe('docs/reference/metrics.md', () => {
  it('docs/reference/metrics.md has every metric of a node, with its type', async () => {
    const app = await startApp();
    const exported = await exportedMetrics(app.url);
    await app.close();
    expect(documentedMetrics('Node').sort()).toEqual(exported.sort());
  });

  it('docs/reference/metrics.md has every metric of a belt server, with its type', async () => {
    const server = await startCopyServer({ sources: [] });
    const exported = await exportedMetrics(server.url);
    await server.close();
    const shared = [
      'holdfast_build_info gauge',
      'holdfast_evaluations_over_budget_total counter',
      'holdfast_evaluations_undecided_total counter',
      'holdfast_http_requests_total counter',
      'holdfast_proxied_internal_requests_total counter',
      'holdfast_event_loop_delay_seconds gauge',
    ];
    for (const metric of shared) expect(documentedMetrics('Node')).toContain(metric);
    expect([...documentedMetrics('Belt server'), ...shared].sort()).toEqual(exported.sort());
  });

  it('names only metrics that exist in its alerts', () => {
    const known = [...documentedMetrics('Node'), ...documentedMetrics('Belt server')].map(
      (metric) => metric.split(' ')[0],
    );
    const named = section(read('docs/reference/metrics.md'), 'Alerts').match(/holdfast_\w+/g) ?? [];
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });
});
