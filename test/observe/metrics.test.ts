import { describe, expect, it } from 'vitest';
import { NodeMetrics } from '../../src/observe/node-metrics.js';

const own = async (metrics: NodeMetrics): Promise<string[]> =>
  (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('holdfast_'));

describe('the metrics', () => {
  it('the metrics of two nodes in one process are apart', async () => {
    const [a, b] = [new NodeMetrics(), new NodeMetrics()];
    a.commits.inc();
    expect(await own(a)).toContain('holdfast_commits_total 1');
    expect(await own(b)).toContain('holdfast_commits_total 0');
  });

  it('the metrics read a gauge when they are collected', async () => {
    const metrics = new NodeMetrics();
    let value = 1;
    metrics.gauge('holdfast_test', 'A test.', () => value);
    expect(await own(metrics)).toContain('holdfast_test 1');
    value = 2;
    expect(await own(metrics)).toContain('holdfast_test 2');
  });

  it('forget the series of a labelled gauge that are not named any more', async () => {
    const metrics = new NodeMetrics();
    let proxies: [string, number][] = [['a', 1], ['b', 2]]; // prettier-ignore
    metrics.labelledGauge('holdfast_test', 'A test.', 'proxy', () => proxies);
    expect((await own(metrics)).filter((line) => line.startsWith('holdfast_test'))).toHaveLength(2);
    proxies = [['b', 3]];
    expect((await own(metrics)).filter((line) => line.startsWith('holdfast_test'))).toEqual([
      'holdfast_test{proxy="b"} 3',
    ]);
  });

  it('the metrics keep the lag of the thousand environments that changed last', async () => {
    const metrics = new NodeMetrics();
    for (let environment = 1n; environment <= 1_001n; environment++)
      metrics.environmentLag('a', environment, 1);
    metrics.environmentLag('a', 3n, 5);
    metrics.environmentLag('a', 2_000n, 2);
    const lines = (await own(metrics)).filter((line) => line.includes('environment_lag'));
    const environments = lines.map((line) => /environment="(\d+)"/.exec(line)![1]);
    expect(environments).toHaveLength(1_000);
    expect(environments).not.toContain('1');
    expect(environments).not.toContain('2');
    expect(lines).toContain('holdfast_publish_environment_lag_seconds{proxy="a",environment="3"} 5');
  });
});
