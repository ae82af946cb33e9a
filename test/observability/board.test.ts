/** The alert rules and the board against the metrics and the runbook, which other tests hold against the server. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { board } from '../../scripts/board.js';
import { read, slugs } from '../docs/markdown.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

const rules = (
  parse(read('observability/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);
const tests = parse(read('observability/prometheus/alerts.test.yml')) as {
  tests: { name: string; alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
};
const known = [...read('docs/reference/metrics.md').matchAll(/^- `((?:holdfast|http_server)_\w+)`/gm)].map(
  ([, name]) => name,
);

/** The names of our metrics in expressions, without the suffixes of histograms. */
function metricsIn(text: string): string[] {
  return [...text.matchAll(/\b(?:holdfast|http_server)_\w+/g)].map(([name]) =>
    name.replace(/_(bucket|sum|count)$/, ''),
  );
}

describe('an alert', () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    'an alert names metrics that exist, its weight, and its entry in the runbook: %s',
    (name, { expr, labels, annotations }) => {
      expect(metricsIn(expr).filter((metric) => !known.includes(metric))).toEqual([]);
      expect(['page', 'ticket']).toContain(labels.severity);
      expect(annotations.runbook_url).toBe(`docs/operations/alerts.md#${name.toLowerCase()}`);
      expect(slugs(read('docs/operations/alerts.md'))).toContain(name.toLowerCase());
    },
  );

  it('an alert has a test in which it is raised, and is absent where all is well', () => {
    const names = rules.map(({ alert }) => alert);
    const [healthy, ...faults] = tests.tests;
    expect(healthy?.alert_rule_test.map(({ alertname }) => alertname)).toEqual(names);
    expect(healthy?.alert_rule_test.flatMap(({ exp_alerts }) => exp_alerts)).toEqual([]);
    expect(faults.map(({ name }) => name)).toEqual(names);
    for (const { name, alert_rule_test } of faults) {
      expect(alert_rule_test).toMatchObject([{ alertname: name, exp_alerts: [{}] }]);
    }
  });

  it('an alert has one entry in the runbook that says what it means, how to see it and what to do', () => {
    const entries = read('docs/operations/alerts.md').split(/^## /m).slice(1);
    expect(entries.map((entry) => entry.split('\n', 1)[0])).toEqual(rules.map(({ alert }) => alert));
    for (const entry of entries) {
      for (const part of ['**Means**: ', '**See**: ', '**Do**: ']) expect(entry).toContain(part);
    }
  });
});

describe('the board', () => {
  const panels = (board() as { panels: Panel[] }).panels;

  it('the board names only metrics that exist', () => {
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(30);
    expect(expressions.flatMap(metricsIn).filter((metric) => !known.includes(metric))).toEqual([]);
  });

  it('the board shows each panel with a description, in a place of its own', () => {
    const taken = new Set<string>();
    for (const { type, description, gridPos } of panels) {
      if (type !== 'row') expect(description).toMatch(/\.$/);
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x}/${y}`)).toBe(false);
          taken.add(`${x}/${y}`);
        }
      }
    }
  });
});

interface Panel {
  readonly type: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}
