/**
 * Where the entries of the histories are in the log: 48 bytes of memory per entry, and none of its
 * content, which is read from the log when a person asks for it.
 *
 * The bounds are applied here: an entry beyond them is forgotten, and the next compaction leaves it
 * out of the log.
 */
import type { EncodedConfig } from '../../ruleset/codec.js';
import { HISTORY_ENTRY_BYTES, type HistoryLimits, type HistoryPlace } from '../history.js';
import type { HistoryRecord } from './history-record.js';
import type { Mutation } from './record.js';
import type { LogLine } from './replay.js';

/** The line of the log that has an entry. */
export interface HistoryLine extends HistoryPlace {
  /** Byte offset of the line. */
  readonly start: number;
  /** Bytes of the line, without its newline. */
  readonly length: number;
  /** Bytes of the configs of the entry. */
  readonly bytes: number;
}

/** The entries of one environment as of one moment, oldest first. */
export interface EnvironmentHistory {
  readonly environment: bigint;
  /** The number of entries before them that are forgotten. */
  readonly first: number;
  readonly lines: readonly HistoryLine[];
}

/** The line of an entry that a snapshot holds. */
export function historyLine(record: HistoryRecord, { start, length }: LogLine): HistoryLine {
  const { version, step, before = '', after = '' } = record;
  const bytes = Math.floor(((before.length + after.length) * 3) / 4);
  return { version: BigInt(version), step, start, length, bytes };
}

/** Keeps an index current: call it for each mutation that is in the log, at that line. */
export function noteHistory(index: HistoryIndex, mutation: Mutation, { start, length }: LogLine): void {
  if (mutation.type !== 'commit') return;
  const { environment, history, change } = mutation;
  if (change?.deletes === true) index.forget(environment);
  if (history === undefined) return;
  const { version, step, before } = history;
  const bytes =
    before === undefined ? 0 : (history.bytes ?? bytesOf(before) + bytesOf(change?.configs ?? []));
  index.add(environment, { version, step, start, length, bytes });
}

/** The bytes of configs together. */
export function bytesOf(configs: readonly EncodedConfig[]): number {
  return configs.reduce((sum, config) => sum + config.bytes.length, 0);
}

/** The numbers that an entry takes: start, length, bytes, step. */
const NUMBERS = 4;

/** Entries by environment. */
export class HistoryIndex {
  readonly limits: HistoryLimits;
  readonly #environments = new Map<bigint, Lines>();
  #bytes = 0;

  constructor(limits: HistoryLimits) {
    this.limits = limits;
  }

  /** The approximate bytes that all entries take as lines of a snapshot. */
  get size(): number {
    return (this.#bytes * 4) / 3;
  }

  /** The place that the next entry of an environment gets which ends at that version. */
  stepAt(environment: bigint, version: bigint): number {
    const newest = this.#environments.get(environment)?.newest();
    return newest?.version === version ? newest.step + 1 : 1;
  }

  /** Adds the newest entry of an environment, and forgets the oldest ones beyond the limits. */
  add(environment: bigint, line: HistoryLine): void {
    const { changes, bytes: most, totalBytes } = this.limits;
    if (changes === 0) return;
    const lines = this.#environments.get(environment) ?? new Lines();
    this.#environments.set(environment, lines);
    // The environment began again at an older version: what is there is of another life of it.
    if ((lines.newest()?.version ?? 0n) > line.version) this.#bytes -= lines.clear();
    lines.push(line);
    this.#bytes += costOf(line.bytes);
    while (lines.length > 1 && (lines.length > changes || lines.bytes > most || this.#bytes > totalBytes)) {
      this.#bytes -= lines.shift();
    }
  }

  /** Forgets the history of an environment. */
  forget(environment: bigint): void {
    const lines = this.#environments.get(environment);
    if (lines === undefined) return;
    this.#bytes -= lines.clear();
  }

  /** The number of the newest entry before a place; the number of an entry never changes. */
  before(environment: bigint, place: HistoryPlace | undefined): number | undefined {
    return this.#environments.get(environment)?.before(place);
  }

  /** The entry with that number, unless it is forgotten. */
  at(environment: bigint, number: number): HistoryLine | undefined {
    return this.#environments.get(environment)?.at(number);
  }

  /** Lists all entries, in one turn. */
  image(): EnvironmentHistory[] {
    return [...this.#environments].map(([environment, lines]) => ({
      environment,
      first: lines.first,
      lines: lines.list(),
    }));
  }

  /**
   * Takes the offsets of another file: those of the entries of an image as the list has them, and
   * those of later ones moved by as much as the batches after the image.
   */
  move(image: readonly EnvironmentHistory[], by: number): void {
    const moved = new Map(image.map((each) => [each.environment, each]));
    for (const [environment, lines] of this.#environments) lines.move(moved.get(environment), by);
  }
}

/** The entries of one environment: a queue in typed arrays. */
class Lines {
  /** The number of forgotten entries. */
  first = 0;
  /** What the entries count for the limits. */
  bytes = 0;
  length = 0;
  #start = 0;
  #versions = new BigInt64Array(8);
  #numbers = new Float64Array(8 * NUMBERS);

  newest(): HistoryLine | undefined {
    return this.length === 0 ? undefined : this.#read(this.length - 1);
  }

  at(number: number): HistoryLine | undefined {
    const index = number - this.first;
    return index < 0 || index >= this.length ? undefined : this.#read(index);
  }

  /** The number of the newest entry before a place. */
  before(place: HistoryPlace | undefined): number | undefined {
    let low = 0;
    let high = this.length;
    while (place !== undefined && low < high) {
      const middle = (low + high) >>> 1;
      const { version, step } = this.#read(middle);
      if (version < place.version || (version === place.version && step < place.step)) low = middle + 1;
      else high = middle;
    }
    return high === 0 ? undefined : this.first + high - 1;
  }

  list(): HistoryLine[] {
    return Array.from({ length: this.length }, (_, index) => this.#read(index));
  }

  push({ version, step, start, length, bytes }: HistoryLine): void {
    if (this.#start + this.length === this.#versions.length) this.#makeRoom();
    const at = this.#start + this.length++;
    this.#versions[at] = version;
    this.#numbers.set([start, length, bytes, step], at * NUMBERS);
    this.bytes += costOf(bytes);
  }

  /** Forgets the oldest. @returns what it counted */
  shift(): number {
    const cost = costOf(this.#read(0).bytes);
    this.#start++;
    this.first++;
    this.length--;
    this.bytes -= cost;
    return cost;
  }

  /** Forgets all. @returns what they counted */
  clear(): number {
    const { bytes } = this;
    this.first += this.length;
    this.#start += this.length;
    this.length = 0;
    this.bytes = 0;
    return bytes;
  }

  move(image: EnvironmentHistory | undefined, by: number): void {
    for (let index = 0; index < this.length; index++) {
      const line = image?.lines[this.first + index - image.first];
      const at = (this.#start + index) * NUMBERS;
      this.#numbers[at] = line?.start ?? (this.#numbers[at] ?? 0) + by;
      if (line !== undefined) this.#numbers[at + 1] = line.length;
    }
  }

  #read(index: number): HistoryLine {
    const at = this.#start + index;
    const [start = 0, length = 0, bytes = 0, step = 0] = this.#numbers.subarray(
      at * NUMBERS,
      (at + 1) * NUMBERS,
    );
    return { version: this.#versions[at] ?? 0n, step, start, length, bytes };
  }

  /** Moves the entries to the front, or into arrays of twice the length. */
  #makeRoom(): void {
    const capacity =
      this.length * 2 > this.#versions.length ? this.#versions.length * 2 : this.#versions.length;
    const [versions, numbers] = [new BigInt64Array(capacity), new Float64Array(capacity * NUMBERS)];
    const end = this.#start + this.length;
    versions.set(this.#versions.subarray(this.#start, end));
    numbers.set(this.#numbers.subarray(this.#start * NUMBERS, end * NUMBERS));
    [this.#versions, this.#numbers, this.#start] = [versions, numbers, 0];
  }
}

function costOf(bytes: number): number {
  return bytes + HISTORY_ENTRY_BYTES;
}
