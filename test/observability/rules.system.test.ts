/** The alert rules, by the program that Prometheus itself reads them with. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../docs/markdown.js';

function promtool(...args: string[]): { status: number | null; output: string } {
  const cwd = join(root, 'observability/prometheus');
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

it('the alert rules are rules that Prometheus accepts', () => {
  const { status, output } = promtool('check', 'rules', 'alerts.yml');
  expect([status, output]).toEqual([0, expect.stringContaining('SUCCESS')]);
});

it('the alert rules raise each alert by its fault, and none in an installation that is well', () => {
  const { status, output } = promtool('test', 'rules', 'alerts.test.yml');
  expect([status, output]).toEqual([0, expect.stringContaining('SUCCESS')]);
});

it('the Prometheus configuration is one that Prometheus accepts', () => {
  const { status, output } = promtool('check', 'config', '--syntax-only', 'prometheus.yml');
  expect([status, output]).toEqual([0, expect.stringContaining('SUCCESS')]);
});
