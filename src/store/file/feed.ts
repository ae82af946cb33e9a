/** The newest entries of the feed, in memory, and their followers. */
import { Signal } from '../../core/signal.js';
import type { Mutation } from './record.js';
import type { FeedEntry, FeedSignal, FeedPosition } from '../store.js';

/**
 * The number of entries that are kept. Followers live in this process, so they are behind by
 * seconds at most.
 */
const MAX_ENTRIES = 10_000;

/** The memory that these entries may take, bytes. The newest entry is kept in any case. */
const MAX_MEMORY = 32 * 1024 * 1024;

/**
 * The memory of a config in addition to its bytes and key, and of an entry in addition to its
 * configs. Measured on Node 20 with flags of 30 bytes: 350 of heap when they were read from the
 * log, 540 in all when they were encoded.
 */
const CONFIG_MEMORY = 500;
const ENTRY_MEMORY = 500;

/** Entries per signal. */
const COUNT = 500;

/**
 * The time without an entry after which a follower is idle, milliseconds: half of the two seconds
 * that the port promises.
 */
const IDLE = 1_000;

interface Kept {
  readonly sequence: number;
  readonly memory: number;
  readonly entry: FeedEntry;
}

/**
 * Feed keeps the newest entries and yields them to followers. Positions are the numbers of records
 * in the log.
 */
export class Feed {
  #kept: Kept[] = [];
  #memory = 0;
  /** The newest record. */
  #head: number;
  /** A follower before this position has missed entries that are not kept. */
  #floor: number;
  readonly #added = new Signal();

  /** @param base records that are not in the feed, because they were compacted away */
  constructor(base: number) {
    this.#head = base;
    this.#floor = base;
  }

  get head(): FeedPosition {
    return `${this.#head}`;
  }

  /** Moves on to a record, and notifies the followers if it is an entry for them. */
  push(sequence: number, entry: FeedEntry | undefined): void {
    this.#head = sequence;
    if (entry === undefined) return;
    const memory = memoryOf(entry);
    this.#kept.push({ sequence, memory, entry });
    this.#memory += memory;
    if (this.#kept.length > 2 * MAX_ENTRIES || this.#memory > MAX_MEMORY) this.#trim();
    this.#added.notify();
  }

  /** Follows the feed after a position; see `Store.follow`. */
  async *follow(from: FeedPosition, signal: AbortSignal): AsyncGenerator<FeedSignal, void, void> {
    let position = sequenceOf(from);
    let waited = true;
    while (!signal.aborted) {
      if (position === undefined || position < this.#floor || position > this.#head) {
        position = this.#head;
        yield { kind: 'gap', position: `${position}` };
        continue;
      }
      const entries = this.#after(position);
      const last = entries.at(-1);
      if (last !== undefined) {
        position = last.sequence;
        yield { kind: 'entries', entries: entries.map(({ entry }) => entry) };
        waited = false;
        continue;
      }
      if (waited) yield { kind: 'idle' };
      waited = await this.#wait(position, signal);
    }
  }

  #after(position: number): Kept[] {
    let low = 0;
    let high = this.#kept.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#kept[middle]?.sequence ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    return this.#kept.slice(low, low + COUNT);
  }

  /**
   * Resolves at the next entry after the position (false), or when there was none for a while
   * (true).
   */
  async #wait(position: number, signal: AbortSignal): Promise<boolean> {
    const newest = this.#kept.at(-1);
    if (newest !== undefined && newest.sequence > position) return false;
    return !(await this.#added.wait(IDLE, signal)) && !signal.aborted;
  }

  #trim(): void {
    let drop = 0;
    while (this.#kept.length - drop > MAX_ENTRIES || this.#memory > MAX_MEMORY) {
      const oldest = this.#kept[drop];
      if (oldest === undefined || drop === this.#kept.length - 1) break;
      drop++;
      this.#memory -= oldest.memory;
      this.#floor = oldest.sequence;
    }
    this.#kept = this.#kept.slice(drop);
  }
}

function memoryOf(entry: FeedEntry): number {
  if (entry.kind === 'key') return ENTRY_MEMORY;
  return entry.change.configs.reduce(
    (sum, { bytes, key }) => sum + CONFIG_MEMORY + bytes.length + key.length,
    ENTRY_MEMORY + entry.change.envelope.length,
  );
}

function sequenceOf(position: FeedPosition): number | undefined {
  return /^\d{1,15}$/.test(position) ? Number(position) : undefined;
}

/** Makes the entry that followers get; none of a commit that only changed a name. */
export function feedEntryOf(sequence: number, mutation: Mutation): FeedEntry | undefined {
  const position = `${sequence}`;
  if (mutation.type === 'key') return { position, kind: 'key', key: mutation.key };
  return mutation.change && { position, kind: 'change', change: mutation.change };
}
