/* eslint max-lines: ['error', 320] -- holds, and what feeds and ends them, are one state */
/**
 * Direct holds: connections that this process keeps open itself, for installations without a GRIP
 * proxy and for development.
 *
 * A hold is a cursor. It is sent the next event whenever its connection can take one, and the next
 * event always comes from the ruleset as it is then: a slow reader skips nothing, but many changes
 * reach it as one delta. So at most one event is buffered for a client, and one that does not drain
 * in time is disconnected and resumes by its version. A change is written to the holds of a
 * stream in the order in which they were opened, in slices of turns: 5,000 writes take 65 ms.
 */
import type { Logger } from 'pino';
import { HoldfastError, messageOf } from '../core/errors.js';
import { SlicedQueue } from '../core/sliced-queue.js';
import type { Turns } from '../core/turns.js';
import type { Stream } from '../grip/channels.js';
import type { Replica } from '../replica/replica.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { Key } from '../store/store.js';
import { Admission, refusalText, type HoldUse, type Subscriber } from './admission.js';
import type { BoundaryAlarms } from './boundary-alarms.js';
import { KEEP_ALIVE, streamStart, type StreamContents, type StreamEvent } from './stream.js';
import type { Sink } from './sink.js';
import { StreamWatches } from './stream-watches.js';
import type { Subscriptions } from './subscriptions.js';

/** The reason why a direct hold ended. */
export type DirectEndReason = 'client' | 'age' | 'slow' | 'revoked' | 'shutdown';

/** The collaborators and limits of the direct holds. */
export interface DirectHoldsOptions {
  readonly replica: Replica;
  readonly subscriptions: Subscriptions;
  readonly contents: StreamContents;
  readonly log: Logger;
  /** Seconds between keep-alive comments. */
  readonly keepAlive: number;
  /** Seconds that a hold lives at most; each lives between 80 % and 100 % of it. */
  readonly maxAge: number;
  /** Holds at a time, at most. */
  readonly maxHolds: number;
  readonly onEnd?: (why: DirectEndReason) => void;
  /** Called for each subscription that was refused for lack of a slot. */
  readonly onRefused?: () => void;
  readonly alarms: BoundaryAlarms;
  readonly turns?: Turns;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random?: () => number;
}

/**
 * A slot among the holds of this process, taken before the first work for a subscription and kept
 * until its hold is open.
 */
export interface HoldSlot {
  /**
   * Holds a connection whose client stands at `position`; what the stream has beyond it is sent
   * immediately. Its environment must be loaded, and belong to the key. A hold that comes too late,
   * because the drain has begun or its key was revoked in the meantime, ends immediately.
   */
  open(sink: Sink, key: Key, stream: Stream, position: bigint): void;
  /** Frees the slot, unless a hold was opened; then the end of the hold frees it. */
  release(): void;
}

/** A connection that accepts nothing for this long is cut. */
const STALLED_MS = 30_000;

const NOTHING: readonly StreamEvent[] = [];

interface DirectHold {
  readonly subscriber: Subscriber;
  readonly key: Key;
  readonly stream: Stream;
  readonly sink: Sink;
  /** The position that the client has been sent. */
  position: bigint;
  /** Events that are being sent. */
  pending: readonly StreamEvent[];
  next: number;
  blockedSince: number | undefined;
  verifying: boolean;
  keepAliveAt: number;
  readonly endAt: number;
  /** The timer of a notification that is spread over time. */
  scheduled: NodeJS.Timeout | undefined;
}

/** The connections that this process holds open: admits, feeds, verifies and drains them. */
export class DirectHolds {
  readonly #options: DirectHoldsOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #holds = new Set<DirectHold>();
  readonly #admission: Admission;
  readonly #watches: StreamWatches<DirectHold>;
  /** The holds that a change is yet to be written to. */
  readonly #changedHolds: SlicedQueue<DirectHold>;
  #timer: NodeJS.Timeout | undefined;
  #draining = false;

  constructor(options: DirectHoldsOptions) {
    this.#options = options;
    this.#admission = new Admission(options.maxHolds);
    this.#now = options.now ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    this.#watches = new StreamWatches<DirectHold>({
      ...options,
      notify: (hold, ruleset) => this.#changed(hold, ruleset),
    });
    this.#changedHolds = new SlicedQueue<DirectHold>({
      handle: (hold) => this.#pump(hold),
      failed: (error) => options.log.error({ error: messageOf(error) }, 'a change could not be written'),
      turns: options.turns,
    });
    options.replica.keyring.onRevoked((key) => {
      for (const hold of this.#holds) if (hold.key.id === key.id) this.#end(hold, 'revoked');
    });
  }

  get size(): number {
    return this.#holds.size;
  }

  /** The use of the slots. */
  get use(): HoldUse {
    return { held: this.#holds.size, max: this.#options.maxHolds, nearlyFull: this.#admission.nearlyFull };
  }

  /** The clients of all holds, and where each stands. */
  get standings(): Iterable<{ readonly key: Key; readonly stream: Stream; readonly position: bigint }> {
    return this.#holds;
  }

  /**
   * Takes a slot for a hold before any work is done for it: holds that are being opened count, else
   * a herd would pass the limit.
   *
   * @throws HoldfastError `busy` when all slots, or those of its share, are taken, or the drain has
   * begun
   */
  admit(subscriber: Subscriber): HoldSlot {
    if (this.#draining) {
      throw new HoldfastError('busy', 'this node is shutting down: subscribe again, and another one answers');
    }
    const { maxHolds, onRefused } = this.#options;
    const refusal = this.#admission.refusal(subscriber);
    if (refusal !== undefined) {
      onRefused?.();
      throw new HoldfastError('busy', refusalText(refusal, maxHolds));
    }
    this.#admission.take(subscriber);
    let isOpening = true;
    return {
      open: (sink, key, stream, position) => {
        isOpening = false;
        this.#open(this.#holdOf(subscriber, sink, { key, stream, position }));
      },
      release: () => {
        if (isOpening) this.#admission.free(subscriber);
        isOpening = false;
      },
    };
  }

  /** Without a spread, so that all holds have one hidden class. */
  #holdOf(
    subscriber: Subscriber,
    sink: Sink,
    { key, stream, position }: Pick<DirectHold, 'key' | 'stream' | 'position'>,
  ): DirectHold {
    const now = this.#now();
    return {
      subscriber,
      key,
      stream,
      sink,
      position,
      pending: NOTHING,
      next: 0,
      blockedSince: undefined,
      verifying: false,
      keepAliveAt: now + this.#options.keepAlive * 1000 * (0.5 + 0.5 * this.#random()),
      endAt: now + this.#options.maxAge * 1000 * (0.8 + 0.2 * this.#random()),
      scheduled: undefined,
    };
  }

  #open(hold: DirectHold): void {
    const { sink } = hold;
    this.#holds.add(hold);
    this.#watches.add(hold.stream, hold);
    sink.onDrain(() => {
      hold.blockedSince = undefined;
      this.#pump(hold);
    });
    sink.onClose(() => this.#forget(hold, 'client'));
    this.#timer ??= setInterval(() => this.tick(), 1000).unref();
    this.#write(hold, streamStart(this.#random()));
    if (this.#options.replica.keyring.isRevoked(hold.key.id)) this.#end(hold, 'revoked');
    this.#pump(hold);
    if (this.#draining) this.#end(hold, 'shutdown');
  }

  /** Ends all holds, spread evenly over that many seconds. Resolves when the last one has ended. */
  async drain(seconds: number): Promise<void> {
    this.#draining = true;
    const holds = [...this.#holds];
    const gap = (seconds * 1000) / Math.max(1, holds.length);
    const slice = Math.max(1, Math.ceil(20 / Math.max(gap, 0.001)));
    for (let i = 0; i < holds.length; i += slice) {
      for (const hold of holds.slice(i, i + slice)) this.#end(hold, 'shutdown');
      if (i + slice < holds.length) await new Promise((resolve) => setTimeout(resolve, gap * slice));
    }
    clearInterval(this.#timer);
  }

  /** Enforces ages and stalls and sends keep-alives; runs every second. */
  tick(): void {
    const now = this.#now();
    for (const hold of this.#holds) {
      if (hold.blockedSince !== undefined && now - hold.blockedSince >= STALLED_MS) this.#end(hold, 'slow');
      else if (now >= hold.endAt) this.#end(hold, 'age');
      else if (now >= hold.keepAliveAt) {
        hold.keepAliveAt = now + this.#options.keepAlive * 1000;
        if (hold.blockedSince === undefined) this.#write(hold, KEEP_ALIVE);
        // A hold that could not be verified is tried again at this point too.
        if (hold.scheduled === undefined) this.#pump(hold);
      }
    }
  }

  /**
   * Sends a change, or schedules it for streams whose notifications are spread over time. One
   * scheduled notification serves all changes until it is sent.
   */
  #changed(hold: DirectHold, ruleset: Ruleset): void {
    const contents = this.#options.contents[hold.stream.kind];
    const wait = contents.spread * this.#random();
    if (wait === 0) this.#changedHolds.add(hold);
    else if (contents.position(ruleset, hold.position) !== hold.position) {
      hold.scheduled ??= setTimeout(() => {
        hold.scheduled = undefined;
        this.#pump(hold);
      }, wait).unref();
    }
  }

  /** Sends as many events as the connection accepts. */
  #pump(hold: DirectHold): void {
    const { replica, contents } = this.#options;
    const { kind, environment } = hold.stream;
    while (this.#holds.has(hold) && hold.blockedSince === undefined) {
      const event = hold.pending[hold.next];
      if (event !== undefined) {
        hold.next++;
        hold.position = event.id;
        this.#write(hold, event.text());
        continue;
      }
      const ruleset = replica.loaded(environment);
      const ours = ruleset === undefined ? hold.position : contents[kind].position(ruleset, hold.position);
      if (ruleset === undefined || ours === hold.position) return;
      if (ours < hold.position) {
        void this.#verify(hold);
        return;
      }
      hold.pending = contents[kind].events(ruleset, hold.position);
      hold.next = 0;
    }
  }

  /**
   * Asks the store about a client that has more than this node: either this node lags, or the store
   * lost writes.
   */
  async #verify(hold: DirectHold): Promise<void> {
    if (hold.verifying) return;
    hold.verifying = true;
    try {
      const standing = await this.#options.subscriptions.standing(hold.stream, hold.position);
      // A client ahead of the store is sent the whole ruleset, as if it had none.
      if (standing === 'ahead') hold.position = 0n;
      hold.verifying = false;
      if (standing !== 'unverified') this.#pump(hold);
    } catch (error) {
      hold.verifying = false;
      this.#options.log.warn(
        { error: messageOf(error) },
        'a direct hold could not be verified; the next change or keep-alive tries again',
      );
    }
  }

  #write(hold: DirectHold, text: string): void {
    if (!hold.sink.write(text)) hold.blockedSince = this.#now();
  }

  #end(hold: DirectHold, why: DirectEndReason): void {
    if (!this.#forget(hold, why)) return;
    // A client that reads nothing would not read the end of the stream either, and the connection
    // would stay for ever.
    if (why === 'slow' || hold.blockedSince !== undefined) hold.sink.destroy();
    else hold.sink.end();
  }

  #forget(hold: DirectHold, why: DirectEndReason): boolean {
    if (!this.#holds.delete(hold)) return false;
    this.#admission.free(hold.subscriber);
    this.#watches.remove(hold.stream, hold);
    this.#changedHolds.remove(hold);
    clearTimeout(hold.scheduled);
    this.#options.onEnd?.(why);
    return true;
  }
}
