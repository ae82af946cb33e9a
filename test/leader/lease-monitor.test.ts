import { expect, it } from 'vitest';
import { leadWhenElected } from '../../src/leader/election.js';
import { LeaseMonitor } from '../../src/leader/lease-monitor.js';
import { createLog } from '../../src/observe/log.js';
import type { Leadership } from '../../src/store/store.js';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly error?: string;
  readonly ms?: number;
}

/**
 * Runs an election whose store answers by `acquire`; each sleep takes its time on the test's clock,
 * and `until` ends the election.
 */
async function elect(
  acquire: (now: number) => Promise<boolean>,
  work: (signal: AbortSignal, now: number) => Promise<void>,
  until: number,
): Promise<{ lines: Line[]; states: string[] }> {
  const lines: Line[] = [];
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line) as Line) });
  let now = 0;
  const states: string[] = [];
  const monitor = new LeaseMonitor({ log, now: () => now, work: 'leads' });
  const controller = new AbortController();
  const sleep = (milliseconds: number): Promise<void> => {
    const { leader, problem } = monitor.status;
    const state = `${leader ? 'leader' : 'candidate'}${problem === undefined ? '' : `, ${problem.reason} since ${problem.since}`}`;
    if (!controller.signal.aborted && states.at(-1) !== state) states.push(state);
    now += milliseconds;
    if (now >= until) controller.abort();
    return new Promise((resolve) => setImmediate(resolve));
  };
  const leadership = {
    acquire: () => acquire(now),
    release: () => Promise.resolve(),
  } as unknown as Leadership;
  const options = { leadership, holder: 'a', log, sleep, now: () => now, monitor };
  await leadWhenElected(options, (signal) => work(signal, now), controller.signal);
  return { lines, states };
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve()));

it('reports a lease that cannot be taken, and logs its beginning and its end once', async () => {
  let question = 0;
  const refusing = (now: number): Promise<boolean> =>
    now < 3_000 ? Promise.reject(new Error(`READONLY ${++question}`)) : Promise.resolve(true);
  const { lines, states } = await elect(refusing, untilAborted, 10_000);
  expect(lines.map(({ level, msg, error, ms }) => ({ level, msg, error, ms }))).toEqual([
    { level: 'error', msg: 'the lease cannot be taken: this node cannot begin to lead', error: 'READONLY 1' },
    { level: 'info', msg: 'the lease can be taken again', ms: 3_000 },
    { level: 'info', msg: 'leading: this node leads' },
    { level: 'info', msg: 'no longer leading' },
  ]);
  expect(states[0]).toBe('candidate, READONLY 1 since 0');
  expect(states.at(-1)).toBe('leader');
});

it('reports a lease that a leader cannot renew while it still leads', async () => {
  const failing = (now: number): Promise<boolean> =>
    now === 2_000 ? Promise.reject(new Error('timed out')) : Promise.resolve(true);
  const { states } = await elect(failing, untilAborted, 8_000);
  expect(states).toEqual(['leader', 'leader, timed out since 2000', 'leader']);
});

it('the lease monitor sees no problem in it that another node has the lease', async () => {
  const { lines, states } = await elect(() => Promise.resolve(false), untilAborted, 10_000);
  expect([lines, states]).toEqual([[], ['candidate']]);
});

it('reports work of a leader that fails, once, until it has lasted', async () => {
  const work = (signal: AbortSignal, now: number): Promise<void> =>
    now < 3_000 ? Promise.reject(new Error('cannot read')) : untilAborted(signal);
  const { lines, states } = await elect(() => Promise.resolve(true), work, 30_000);
  const problems = lines.filter(({ msg }) => !/leading: |no longer/.test(msg));
  expect(problems.map(({ level, msg }) => `${level}: ${msg}`)).toEqual([
    'error: leading failed; the lease is released and taken again',
    'info: the work of the leader goes on again',
  ]);
  expect(states.filter((state) => state.includes('cannot read')).length).toBeGreaterThan(0);
  expect(states.at(-1)).toBe('leader');
});
