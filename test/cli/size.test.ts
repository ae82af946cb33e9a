import { describe, expect, it } from 'vitest';
import { COSTS, sizeFor, sizeRow } from '../../src/cli/size.js';
import { read } from '../docs/markdown.js';
import { run } from './run.js';

const page = read('docs/operations/sizing.md');
const plainText = (text: string) => text.replace(/\s+/g, ' ');
const cells = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
const rows = page.split('\n').filter((line) => /^\| +[\d,]+ \|/.test(line));

describe('the size of an installation', () => {
  it('docs/operations/sizing.md has the sizes that holdfast size computes', () => {
    expect(rows.length).toBeGreaterThan(5);
    for (const row of rows.map(cells)) {
      const [flags, clients, changes] = row.slice(0, 3).map((text) => Number(text.replaceAll(',', '')));
      expect(row).toEqual(sizeRow({ flags: flags ?? 0, clients: clients ?? 0, changes: changes ?? 0 }));
    }
  });

  it('costs of sizes are those that docs/benchmarks.md and sizing.md name', () => {
    const benchmarks = plainText(read('docs/benchmarks.md'));
    for (const { unit, source } of Object.values(COSTS)) {
      expect(benchmarks).toContain(source);
      expect(plainText(page)).toContain(unit);
    }
  });

  it('one proxy more than needed is planned, and none has more connections than it may', () => {
    for (const clients of [0, 1, 1_000, 49_999, 50_001, 1_000_000]) {
      const { pushpins, holdsWithoutOne, settings } = sizeFor({ flags: 100, clients, changes: 6 });
      expect(pushpins).toBeGreaterThanOrEqual(2);
      expect(holdsWithoutOne * (pushpins - 1)).toBeGreaterThanOrEqual(clients);
      expect(holdsWithoutOne).toBeLessThanOrEqual(settings.client_maxconn);
      expect(holdsWithoutOne / settings.HOLDFAST_STALENESS).toBeLessThanOrEqual(500);
    }
  });

  it('deliveries of busy environments stay at half of the pace of each proxy', () => {
    const { pushpins } = sizeFor({ flags: 100, clients: 50_000, changes: 60 });
    expect(50_000 / (pushpins - 1)).toBeLessThanOrEqual(10_000);
  });
});

describe('the leader of a large installation', () => {
  it('the leader needs more of its processor with more changes and with more proxies', () => {
    const part = (clients: number, changes: number) =>
      sizeFor({ flags: 1, clients, changes }).leaderProcessor;
    expect(part(1_000, 600)).toBeCloseTo(0.03, 2);
    expect(part(1_000, 6_000)).toBeGreaterThan(5 * part(1_000, 600));
    expect(part(1_000_000, 600)).toBeGreaterThan(part(1_000, 600));
  });

  it('holdfast size says when one leader is not enough, and that no further node helps', async () => {
    const said = await run(['size', '--clients', '100', '--changes', '60000']);
    expect(said.out).toMatch(/The leader needs \d+(\.\d+)? of a processor/);
    expect((await run(['size', '--clients', '100', '--changes', '60'])).out).not.toContain('leader needs');
  });
});

describe('holdfast size', () => {
  it('holdfast size says what is needed in words, and as JSON', async () => {
    const said = await run(['size', '--flags', '1000', '--clients', '20000', '--changes', '10']);
    expect([said.code, said.out]).toEqual([0, expect.stringMatching(/Pushpin +2, each with .*\n/)]);
    const { code, out } = await run(['size', '--clients', '20000', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ load: { clients: 20000 }, pushpins: 2 });
  });

  it('holdfast size refuses what is no number, and names it', async () => {
    const { code, err } = await run(['size', '--clients', 'many']);
    expect([code, err]).toEqual([2, expect.stringContaining('--clients')]);
  });
});
