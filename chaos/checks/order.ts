/**
 * Compares what a client received with every commit that there was: nothing is invented, nothing
 * goes back, nothing is left out. Pure.
 *
 * Left out: when a client stands at an id, it must have every config up to that id, by that id or a
 * later one. But for one case: a delta that is cut into several events has each config once, at its
 * last id. So a config that was changed again before the event was sent comes with a later event,
 * and the event before it leaves it out. Ids say when they were given, in microseconds, to within a
 * second.
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
        const problem = judge(journal.environment, config, had.get(config.key), truth);
        if (problem !== undefined) found.push(violation(journal.name, problem, at));
        if (config.id > (had.get(config.key)?.id ?? 0n)) had.set(config.key, config);
      }
      for (const due of owed.upTo(id)) {
        if ((had.get(due.key)?.id ?? 0n) >= due.id || owed.changedAgain(due, at)) continue;
        found.push(violation(journal.name, `stands at ${id} without ${due.key} at ${due.id}`, at));
      }
    }
  }
  return found;
}

function judge(
  environment: bigint,
  config: ReceivedConfig,
  before: ReceivedConfig | undefined,
  truth: Truth,
): string | undefined {
  const { key, id, digest } = config;
  const known = truth.digest(environment, key, id);
  if (known === undefined && truth.loss === 'none')
    return `received ${key} at ${id}, which was never committed`;
  if (known !== undefined && known !== digest) return `received other bytes for ${key} at ${id}`;
  if (before === undefined || id >= before.id) return undefined;
  const lost = truth.loss === 'forgiven' && !truth.knows(environment, key, before.id);
  return lost ? undefined : `received ${key} at ${id} after ${before.id}`;
}

/**
 * An id may run ahead of the clock by the number of configs that were committed at once,
 * microseconds; and clocks may differ. Milliseconds.
 */
const SLACK = 1_000;

interface Due {
  readonly key: string;
  readonly id: bigint;
}

/** The configs that a reader of the environment must have come by. */
class Owed {
  /** Ascending by id. */
  readonly #all: readonly Due[];
  /** Keyed by config key, ascending. */
  readonly #ids = new Map<string, bigint[]>();
  #next = 0;

  constructor(truth: Truth, environment: bigint) {
    this.#all = truth.history
      .filter((change) => change.environment === environment)
      .flatMap((change) => change.configs)
      .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    for (const { key, id } of this.#all) this.#ids.set(key, [...(this.#ids.get(key) ?? []), id]);
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
    const later = this.#ids.get(key)?.find((each) => each > id);
    return later !== undefined && later <= BigInt(Math.ceil((performance.timeOrigin + at + SLACK) * 1000));
  }
}

/**
 * The same for a client that shows only values, each of which is unique under its key. That ends
 * where the store lost writes: what then is written back, or added to the inbox again, is a value
 * that was there before. Clients that show ids are checked all the same.
 */
export function checkSightings(
  name: string,
  environment: bigint,
  sightings: readonly Sighting[],
  truth: Truth,
): Violation[] {
  if (truth.loss !== 'none') return [];
  const ids = new Map<string, bigint>();
  for (const change of truth.history) {
    if (change.environment !== environment) continue;
    for (const { key, text, id } of change.configs) if (text !== undefined) ids.set(`${key} ${text}`, id);
  }
  const found: Violation[] = [];
  const had = new Map<string, bigint>();
  for (const { at, key, value } of sightings) {
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
