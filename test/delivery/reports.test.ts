/** The reports of nodes: their bounds, their differences, and the board that reads them. */
import { describe, expect, it } from 'vitest';
import { sleep, type Clock } from '../../src/core/clock.js';
import { DELIVERY_WATCHERS_MAX, DeliveryBoard } from '../../src/delivery/board.js';
import { differenceOf } from '../../src/delivery/difference.js';
import type { DeliveryState, NodeReport } from '../../src/delivery/model.js';
import { PerMinute } from '../../src/delivery/per-minute.js';
import { parseReport, parseTimeline } from '../../src/delivery/parse.js';
import { reportText, reportUntil } from '../../src/delivery/reporter.js';
import { ChangeTimeline } from '../../src/delivery/timeline.js';
import { FileNodeReports } from '../../src/store/file/node-reports.js';
import { NODE_REPORT_MAX_BYTES, type NodeReports } from '../../src/store/node-reports.js';
import { until } from '../support/until.js';

const report: NodeReport = {
  id: 'a',
  name: 'host:3000',
  version: '1.0.0',
  startedAt: '2026-11-29T12:00:00.000Z',
  status: 'ready',
  problems: [],
  leader: false,
  store: 'redis 127.0.0.1:6379',
  feedLagMs: 0,
  environments: 1,
  directHolds: 0,
  recoveriesPerMinute: 0,
  proxies: [],
  buckets: [],
};
const state: DeliveryState = {
  answeredBy: 'a',
  stalenessSeconds: 60,
  nodes: [{ ...report, ageMs: 0 }],
  changes: [],
};

function clockAt(time: { ms: number }): Clock {
  return { now: () => time.ms, monotonic: () => time.ms, random: () => 0.5, sleep };
}

function boardOf(reports: NodeReports, time: { ms: number }): DeliveryBoard {
  const clock = clockAt(time);
  return new DeliveryBoard({
    reports,
    timeline: new ChangeTimeline(clock.now),
    own: () => report,
    stalenessSeconds: 60,
    clock,
  });
}

describe('a time line in the store', () => {
  const good = {
    environment: '1',
    version: '5',
    at: '2026-11-29T12:00:00.000Z',
    configs: 1,
    proxies: [{ proxy: 'http://proxy', acceptedMs: 3 }],
  };

  it.each(['', 'null', '5', '{}', '{"length":3}', '[null,1,"a",[]]', '[{"environment":"x"}]'])(
    'a time line of %s in the store has no changes, and delivery is shown and written all the same',
    async (text) => {
      expect(parseTimeline(text)).toEqual([]);
      const reports = new FileNodeReports(() => 0);
      await reports.writeTimeline(text);
      expect(await boardOf(reports, { ms: 5_000 }).state()).toMatchObject({ changes: [] });
      const timeline = new ChangeTimeline(() => 5_000);
      timeline.restore(text);
      timeline.applied({ environment: 1n, version: 5n, at: 4_000 }, 1);
      expect(timeline.takeText()).toContain('"version":"5"');
    },
  );

  it('a time line with changes in another form keeps the others', () => {
    const bad = [
      { ...good, environment: '1e3' },
      { ...good, at: 'soon' },
      { ...good, proxies: {} },
    ];
    expect(parseTimeline(JSON.stringify([bad[0], good, ...bad]))).toEqual([good]);
  });
});

describe('the report of a node', () => {
  it('a report is cut to the bound of the store, whatever the errors of its proxies say', () => {
    const error = '🔑'.repeat(10_000);
    const proxy = { proxy: 'http://proxy', state: 'failing', waiting: 1, missed: 0, error } as const;
    const many = {
      ...report,
      proxies: Array.from({ length: 500 }, () => ({ ...proxy, repairsPerMinute: 0 })),
    };
    const text = reportText(many);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(NODE_REPORT_MAX_BYTES);
    expect(parseReport(text)?.proxies.length).toBeGreaterThan(5);
  });

  it('a report of another version that cannot be read is passed over', () => {
    expect(parseReport('{')).toBeUndefined();
    expect(parseReport('{"id":"x"}')).toBeUndefined();
    expect(parseReport('null')).toBeUndefined();
    expect(parseReport('{"id":"x","proxies":[null]}')).toBeUndefined();
    expect(parseReport(reportText(report))).toEqual(report);
  });

  it('a node reports until it stops, and then its report is removed', async () => {
    const reports = new FileNodeReports(Date.now);
    const stopping = new AbortController();
    const done = reportUntil({ reports, report: () => report, clock: clockAt({ ms: 0 }) }, stopping.signal);
    await until('the report is there', async () => (await reports.read()).reports.length === 1);
    stopping.abort();
    await done;
    expect((await reports.read()).reports).toEqual([]);
  });
});

describe('the board of delivery', () => {
  it('the board has this node as it is and the others as they reported', async () => {
    const time = { ms: 0 };
    const reports = new FileNodeReports(() => time.ms);
    await reports.write('b', reportText({ ...report, id: 'b', name: 'host:3001', leader: true }), 6_000);
    await reports.write('a', reportText({ ...report, environments: 99 }), 6_000);
    time.ms = 500;
    const { nodes, error } = await boardOf(reports, time).state();
    expect(error).toBeUndefined();
    expect(nodes.map(({ id, leader, environments, ageMs }) => [id, leader, environments, ageMs])).toEqual([
      ['a', false, 1, 0],
      ['b', true, 1, 500],
    ]);
  });

  it('the board keeps the last reports while the store is unavailable, and says so', async () => {
    const time = { ms: 10_000 };
    const working = new FileNodeReports(() => time.ms);
    await working.write('b', reportText({ ...report, id: 'b' }), 6_000);
    let isAway = false;
    const reports: NodeReports = {
      write: () => Promise.resolve(),
      remove: () => Promise.resolve(),
      writeTimeline: () => Promise.resolve(),
      read: () => (isAway ? Promise.reject(new Error('it is away')) : working.read()),
    };
    const board = boardOf(reports, time);
    expect((await board.state()).nodes).toHaveLength(2);
    isAway = true;
    time.ms += 20_000;
    const away = await board.state();
    expect(away.error).toBe('it is away');
    expect(away.nodes.find(({ id }) => id === 'b')?.ageMs).toBe(20_000);
    time.ms += 60_000;
    expect((await board.state()).nodes.map(({ id }) => id)).toEqual(['a']);
  });

  it('the board answers while the store never does', async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    const reports: NodeReports = { write: never, remove: never, writeTimeline: never, read: never };
    const { nodes } = await boardOf(reports, { ms: 5_000 }).state();
    expect(nodes.map(({ id }) => id)).toEqual(['a']);
  });

  it('the board reads nothing without watchers, and refuses one too many', async () => {
    let reads = 0;
    const inner = new FileNodeReports(Date.now);
    const reports: NodeReports = {
      write: (...given) => inner.write(...given),
      remove: (id) => inner.remove(id),
      writeTimeline: (text) => inner.writeTimeline(text),
      read: () => {
        reads++;
        return inner.read();
      },
    };
    const board = boardOf(reports, { ms: 0 });
    expect(reads).toBe(0);
    let stops = 0;
    const watcher = () => ({ onState: () => undefined, onStop: () => (stops += 1) });
    const first = board.watch(watcher());
    for (let i = 1; i < DELIVERY_WATCHERS_MAX; i++) board.watch(watcher());
    expect(board.watch(watcher())).toBeUndefined();
    first?.();
    expect(board.watch(watcher())).toBeDefined();
    board.stop();
    expect(stops).toBe(DELIVERY_WATCHERS_MAX);
    expect(board.watch(watcher())).toBeUndefined();
  });
});

describe('the difference of two states of delivery', () => {
  it('equal states have no difference', () => {
    expect(differenceOf(state, structuredClone(state))).toBeUndefined();
  });

  it('the difference names nodes that changed, came and went, changes, and the end of an error', () => {
    const [a] = state.nodes;
    const change = { environment: '1', version: '2', at: report.startedAt, configs: 1, proxies: [] };
    const before = { ...state, nodes: [a!, { ...a!, id: 'b' }], error: 'away' };
    const after = {
      ...state,
      nodes: [
        { ...a!, leader: true },
        { ...a!, id: 'c' },
      ],
      changes: [change],
    };
    expect(differenceOf(before, after)).toEqual({
      nodes: after.nodes,
      gone: ['b'],
      changes: [change],
      error: null,
    });
  });
});

describe('a count per minute', () => {
  it('a count forgets what is older than a minute', () => {
    const time = { ms: 0 };
    const count = new PerMinute(() => time.ms);
    count.add(2);
    time.ms = 30_000;
    count.add(3);
    expect(count.total).toBe(5);
    time.ms = 61_000;
    expect(count.total).toBe(3);
    time.ms = 10_000_000;
    expect(count.total).toBe(0);
  });
});
