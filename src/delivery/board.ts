/**
 * DeliveryBoard reads what all nodes reported, at most once a second however many look at it, and
 * tells its watchers of changes. Without watchers it reads nothing.
 *
 * A store that cannot be read in time leaves the others' last reports as they were, with their age,
 * and this node's own as it is.
 */
import type { Clock } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import { within } from '../core/within.js';
import type { NodeReportPage, NodeReports } from '../store/node-reports.js';
import type { ChangeReport, DeliveryState, ListedNode, NodeReport } from './model.js';
import { parseReport, parseTimeline } from './parse.js';
import type { ChangeTimeline } from './timeline.js';

/** Milliseconds between two readings. */
const READ_MS = 1_000;

/** The wait for a reading before the last one is used, milliseconds. */
const WAIT_MS = 1_500;

/** Reports older than this are no longer shown when the store cannot be read, milliseconds. */
const FORGET_MS = 60_000;

/** The watchers of one node, at most. */
export const DELIVERY_WATCHERS_MAX = 20;

/** The collaborators of a board. */
export interface DeliveryBoardOptions {
  readonly reports: NodeReports;
  readonly timeline: ChangeTimeline;
  /** The state of this node, which is always shown as it is. */
  readonly own: () => NodeReport;
  readonly stalenessSeconds: number;
  readonly clock: Clock;
}

interface Reading {
  readonly nodes: readonly { readonly report: NodeReport; readonly age: number }[];
  readonly changes: readonly ChangeReport[];
  /** Milliseconds, monotonic. */
  readonly at: number;
}

/** A watcher of the board. */
export interface DeliveryWatcher {
  /** Called with each new state, at most once a second. */
  readonly onState: (state: DeliveryState) => void;
  /** Called when this node stops. */
  readonly onStop: () => void;
}

/** The state of delivery in the installation, as this node reads it. */
export class DeliveryBoard {
  readonly #options: DeliveryBoardOptions;
  readonly #watchers = new Set<DeliveryWatcher>();
  readonly #stopping = new AbortController();
  #reading: Reading = { nodes: [], changes: [], at: -Infinity };
  #error: string | undefined;
  #refreshing: Promise<void> | undefined;
  #watching = false;

  constructor(options: DeliveryBoardOptions) {
    this.#options = options;
  }

  /** The number of watchers. */
  get watchers(): number {
    return this.#watchers.size;
  }

  /** Returns the state of delivery, at most a second old if the store can be read. */
  async state(): Promise<DeliveryState> {
    const { clock } = this.#options;
    if (clock.monotonic() - this.#reading.at >= READ_MS) await within(WAIT_MS, this.#refresh());
    return this.#state();
  }

  /**
   * Adds a watcher, who is told the state now and each second.
   *
   * @returns a function that takes the watcher off again; `undefined`: there are too many
   */
  watch(watcher: DeliveryWatcher): (() => void) | undefined {
    if (this.#watchers.size >= DELIVERY_WATCHERS_MAX || this.#stopping.signal.aborted) return undefined;
    this.#watchers.add(watcher);
    if (!this.#watching) void this.#run();
    return () => void this.#watchers.delete(watcher);
  }

  /** Ends the streams of all watchers. */
  stop(): void {
    this.#stopping.abort();
    for (const watcher of [...this.#watchers]) watcher.onStop();
    this.#watchers.clear();
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    this.#watching = true;
    while (this.#watchers.size > 0 && !signal.aborted) {
      await clock.sleep(READ_MS, signal);
      const state = await this.state();
      for (const { onState } of [...this.#watchers]) onState(state);
    }
    this.#watching = false;
  }

  /** One reading at a time, however long the store takes. Never rejects. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    const { reports, clock } = this.#options;
    try {
      this.#reading = { ...readingOf(await reports.read()), at: clock.monotonic() };
      this.#error = undefined;
    } catch (error) {
      this.#error = messageOf(error);
    }
  }

  #state(): DeliveryState {
    const { own, timeline, stalenessSeconds, clock } = this.#options;
    const ours = own();
    const since = Math.max(0, Math.round(clock.monotonic() - this.#reading.at));
    const isLate = since >= READ_MS + WAIT_MS;
    const others = this.#reading.nodes
      .filter(({ report, age }) => report.id !== ours.id && age + since < FORGET_MS)
      .map(({ report, age }): ListedNode => ({ ...report, ageMs: age + (isLate ? since : 0) }));
    const nodes = [{ ...ours, ageMs: 0 }, ...others].sort((a, b) => compare(a, b));
    const error = this.#error ?? (isLate ? 'the store does not answer in time' : undefined);
    return {
      answeredBy: ours.id,
      stalenessSeconds,
      nodes,
      // The leader knows more than it has written.
      changes: ours.leader ? timeline.changes() : this.#reading.changes,
      ...(error === undefined ? {} : { error }),
    };
  }
}

function readingOf(page: NodeReportPage): Omit<Reading, 'at'> {
  const nodes = page.reports.flatMap(({ text, age }) => {
    const report = parseReport(text);
    return report === undefined ? [] : [{ report, age }];
  });
  return { nodes, changes: parseTimeline(page.timeline) };
}

function compare(a: NodeReport, b: NodeReport): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
