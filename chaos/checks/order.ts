/**
 * Compares what a client received with every commit that there was: nothing is invented, nothing
 * goes back, nothing is left out. Pure.
 *
 * Left out: when a client stands at an id, it must have every config up to that id, by that id or a
 * later one. But for one case: a delta that is cut into several events has each config once, at its
 * last id. So a config that was changed again before the event was sent comes with a later event,
 * and the event before it leaves it out. Assigned ids say when they were given, in microseconds, to
 * within a second.
 */
import type { Journal, ReceivedConfig } from '../clients/journal.js';
import type { Sighting } from '../clients/sdk.js';
import type { Truth } from '../truth.js';
import type { Violation } from './violation.js';

export function checkJournal(journal: Journal, truth: Truth): Violation[] {
  const found: Violation[] = journal.objections.map(({ at, text }) => violation(journal.name, text, at));
  const had = new Map<string, ReceivedConfig>();
  const owed = new Owed(truth, journal.environment);
  for (const { events } of journal.connections) {
    for (const { at, id, configs } of events) {
      for (const config of configs) {
        const problem = judge({ journal, config, before: had.get(config.key), at, truth });
        if (problem !== undefined) found.push(violation(journal.name, problem, at));
        if (config.id > (had.get(config.key)?.id ?? 0n)) had.set(config.key, config);
      }
      for (const due of owed.upTo(id)) {
        if ((had.get(due.key)?.id ?? 0n) >= due.id || owed.changedAgain(due, at)) continue;
        // A store that lost writes gives ids below those that clients have, and later higher ones.
        if (at >= truth.lostSince(journal.environment) && due.at > at - SLACK) continue;
        found.push(violation(journal.name, `stands at ${id} without ${due.key} at ${due.id}`, at));
      }
    }
  }
  return found;
}

interface Receipt {
  readonly journal: Journal;
  readonly config: ReceivedConfig;
  /** What the client had under that key. */
  readonly before: ReceivedConfig | undefined;
  readonly at: number;
  readonly truth: Truth;
}

function judge({ journal: { environment }, config, before, at, truth }: Receipt): string | undefined {
  const { key, id, digest } = config;
  const known = truth.digest(environment, key, id);
  const mayBeLost = at >= truth.lostSince(environment);
  if (known === undefined && !mayBeLost) return `received ${key} at ${id}, which was never committed`;
  if (known !== undefined && known !== digest) return `received other bytes for ${key} at ${id}`;
  if (before === undefined || id >= before.id) return undefined;
  // The store did not have it then, or not again yet.
  const lost = (truth.committedAt(environment, key, before.id) ?? Infinity) > at - SLACK;
  return lost && mayBeLost && truth.loss === 'forgiven'
    ? undefined
    : `received ${key} at ${id} after ${before.id}`;
}

/**
 * An id may run ahead of the clock by the number of configs that were committed at once,
 * microseconds; and clocks may differ. Milliseconds.
 */
const SLACK = 1_000;

interface Due {
  readonly key: string;
  readonly id: bigint;
  /** When the feed has it, by performance.now(). */
  readonly at: number;
}

/** One more change of a key. */
interface Change {
  readonly id: bigint;
  /** When it was made, by performance.now(). */
  readonly at: number;
}

/** The configs that a reader of the environment must have come by. */
class Owed {
  /** Ascending by id. */
  readonly #all: readonly Due[];
  /** Keyed by config key, ascending. */
  readonly #changes = new Map<string, Change[]>();
  #next = 0;

  constructor(truth: Truth, environment: bigint) {
    const all = truth.history
      .filter((change) => change.environment === environment)
      .flatMap(({ at, configs }) => configs.map(({ key, id }) => ({ key, id, at })))
      .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    this.#all = all;
    for (const { key, id, at } of all) {
      const change = { id, at: madeAt(id, at, truth.lostSince(environment) < Infinity) };
      this.#changes.set(key, [...(this.#changes.get(key) ?? []), change]);
    }
  }

  /** Those up to that id which it did not return before. */
  *upTo(id: bigint): Generator<Due> {
    for (let due = this.#all[this.#next]; due !== undefined && due.id <= id; due = this.#all[this.#next]) {
      this.#next++;
      yield due;
    }
  }

  /** True when that config was changed again before that time (performance.now()). */
  changedAgain({ key, id }: Due, at: number): boolean {
    const later = this.#changes.get(key)?.find((each) => each.id > id);
    return later !== undefined && later.at <= at + SLACK;
  }
}

/**
 * When a config was first committed. An assigned id says so, also of one that was lost and committed
 * again; a given one may run ahead of the clock. Then the feed says it, unless writes were lost.
 */
function madeAt(id: bigint, at: number, mayBeAgain: boolean): number {
  const byId = Number(id) / 1000 - performance.timeOrigin;
  return byId <= at ? byId : mayBeAgain ? 0 : at;
}

/**
 * The same for a client that shows only values, each of which is unique under its key. That ends
 * when the store lost writes: what then is written back, or added to the inbox again, is a value
 * that was there before. Clients that show ids are checked all the same.
 */
export function checkSightings(
  name: string,
  environment: bigint,
  sightings: readonly Sighting[],
  truth: Truth,
): Violation[] {
  const ids = new Map<string, bigint>();
  for (const change of truth.history) {
    if (change.environment !== environment) continue;
    for (const { key, text, id } of change.configs) {
      // What was lost later and committed again has a second id.
      if (text !== undefined && !ids.has(`${key} ${text}`)) ids.set(`${key} ${text}`, id);
    }
  }
  const found: Violation[] = [];
  const had = new Map<string, bigint>();
  for (const { at, key, value } of sightings) {
    if (at >= truth.lostSince(environment)) break;
    const id = ids.get(`${key} ${value}`);
    if (id === undefined) {
      found.push(violation(name, `evaluated ${key} to ${value}, which was never committed`, at));
      continue;
    }
    const before = had.get(key) ?? 0n;
    if (id < before)
      found.push(violation(name, `evaluated ${key} to its value of ${id} after that of ${before}`, at));
    else had.set(key, id);
  }
  return found;
}

function violation(name: string, text: string, at: number): Violation {
  return { check: 'order', text: `${name} ${text}`, at };
}
