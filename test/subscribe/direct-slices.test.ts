/** A change to many direct holds: in slices of turns, each hold in its order, nothing lost or twice. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Turns } from '../../src/core/turns.js';
import { createLog } from '../../src/observe/log.js';
import type { Replica } from '../../src/replica/replica.js';
import { BoundaryAlarms } from '../../src/subscribe/boundary-alarms.js';
import { DeltaContents } from '../../src/subscribe/deltas.js';
import { DirectHolds } from '../../src/subscribe/direct.js';
import type { Sink } from '../../src/subscribe/sink.js';
import { RecoveryLink } from '../../src/subscribe/link.js';
import { RefetchContents } from '../../src/subscribe/stream.js';
import { Subscriptions } from '../../src/subscribe/subscriptions.js';
import { flag } from '../ruleset/arbitrary.js';
import { commitConfigs, createEnvironment, keyNamed } from '../support/commits.js';
import { openSlowStore, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';
import { startReplica } from './rulesets.js';

const ENV = 7n;
const HOLDS = 100;
/** The writes of one slice: by the clock of this test a write takes one millisecond. */
const SLICE = 8;

let slow: SlowStore;
let replica: Replica;
let holds: DirectHolds;
let now: number;
let turns: (() => void)[];
/** The places of the holds that were written to, in order, and the ids of their events. */
let written: { hold: number; id: string }[];
let closes: (() => void)[];

beforeEach(async () => {
  slow = await openSlowStore();
  await createEnvironment(slow.direct, ENV);
  await commitConfigs(slow.direct, ENV, flag('a'));
  replica = await startReplica(slow.store);
  const ruleset = await replica.ruleset(ENV);
  [now, turns, written, closes] = [0, [], [], []];
  const contents = { configs: new DeltaContents(), clients: new RefetchContents(0, () => 0) };
  const log = createLog('silent');
  const times = { keepAlive: 20, staleness: 60 };
  holds = new DirectHolds({
    replica,
    subscriptions: new Subscriptions({ replica, contents, link: new RecoveryLink(['secret']), times, log }),
    contents,
    log,
    keepAlive: 20,
    maxAge: 3_600,
    maxHolds: 1_000,
    alarms: new BoundaryAlarms(replica, () => 0),
    turns: new Turns({ slice: SLICE, monotonic: () => now, schedule: (run) => void turns.push(run) }),
  });
  const key = keyNamed('k', ENV);
  for (let hold = 0; hold < HOLDS; hold++) {
    const slot = holds.admit({ keyId: 'k', stream: 'configs', address: `10.0.0.${hold}` });
    slot.open(sinkOf(hold), key, { kind: 'configs', environment: ENV }, ruleset!.version);
  }
});

afterEach(async () => {
  await holds.drain(0);
  await replica.stop();
  await slow.close();
});

function sinkOf(hold: number): Sink {
  return {
    write: (text) => {
      const id = /\nid: (\d+)\n/.exec(text)?.[1];
      if (id === undefined) return true;
      now++;
      written.push({ hold, id });
      return true;
    },
    end: () => undefined,
    destroy: () => undefined,
    onDrain: () => undefined,
    onClose: (listener) => void (closes[hold] = listener),
  };
}

/** Commits, and waits until the change is in memory: the first holds have it then. */
async function change(key: string): Promise<string> {
  const { version } = await commitConfigs(slow.direct, ENV, flag(key));
  await until('the change is in memory', () => replica.loaded(ENV)?.version === version);
  return `${version}`;
}

/** Runs the next turn, and what waits for it. Returns the holds that were written to. */
async function turn(): Promise<number[]> {
  const before = written.length;
  turns.shift()?.();
  for (let i = 0; i < 10; i++) await Promise.resolve();
  return written.slice(before).map(({ hold }) => hold);
}

async function allTurns(): Promise<void> {
  while (turns.length > 0) await turn();
}

const placesOf = (id: string) => written.filter((each) => each.id === id).map(({ hold }) => hold);
const everyHold = Array.from({ length: HOLDS }, (_, hold) => hold);

describe('a change to many direct holds', () => {
  it('a change is written to direct holds in their order, one slice in each turn, to each once', async () => {
    const id = await change('b');
    expect(placesOf(id)).toEqual(everyHold.slice(0, SLICE));
    const slices: number[] = [];
    while (turns.length > 0) slices.push((await turn()).length);
    expect(Math.max(...slices)).toBe(SLICE);
    expect(placesOf(id)).toEqual(everyHold);
    expect(written).toHaveLength(HOLDS);
  });

  it('holds that end between two slices are passed over, and all others get the change', async () => {
    const id = await change('b');
    await turn();
    for (const ended of [3, 40, 99]) closes[ended]?.();
    await allTurns();
    expect(placesOf(id)).toEqual(everyHold.filter((hold) => hold !== 40 && hold !== 99));
  });

  it('a change that comes between two slices reaches each hold once, in one event or in a second one', async () => {
    const first = await change('b');
    await turn();
    const second = await change('c');
    await allTurns();
    const had = placesOf(first);
    expect(had).toEqual(everyHold.slice(0, 2 * SLICE));
    expect(placesOf(second).filter((hold) => !had.includes(hold))).toEqual(everyHold.slice(2 * SLICE));
    // Those that had the first change get the second one as an event that follows it.
    expect(placesOf(second).toSorted((a, b) => a - b)).toEqual(everyHold);
  });
});
