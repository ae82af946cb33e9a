/**
 * Direct holds: connections that this process keeps open itself, for installations without a GRIP proxy and for development.
 *
 * A hold is a cursor. It is sent the next event whenever its connection can take one, and where the next event comes from is always
 * the ruleset as it is then: a reader that is slow skips nothing, but many changes reach it as one delta. So what is buffered for a
 * client is at most one event, and one that does not drain in time is disconnected and resumes by its version.
 */
import type { Logger } from 'pino';
import { HoldfastError, messageOf } from '../core/errors.js';
import type { Stream } from '../grip/channels.js';
import type { Replica } from '../replica/replica.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { Key } from '../store/store.js';
import { KEEP_ALIVE, streamStart, type StreamContents, type StreamEvent } from './stream.js';
import type { Subscriptions } from './subscriptions.js';

/** A response that is being streamed. */
export interface Sink {
  /** False: nothing more should be written before `onDrain`. */
  write(text: string): boolean;
  /** Ends the stream properly. */
  end(): void;
  /** Cuts the connection. */
  destroy(): void;
  onDrain(listener: () => void): void;
  /** The connection has ended, whoever ended it. */
  onClose(listener: () => void): void;
}

export type DirectEndReason = 'client' | 'age' | 'slow' | 'revoked' | 'shutdown';

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
  /** Told of each subscription for which there was no place. */
  readonly onRefused?: () => void;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random?: () => number;
}

/** A place among the holds of this process, from before the first work for a subscription until its hold is open. */
export interface HoldSlot {
  /**
   * Holds a connection whose client stands at `version`; what the stream has beyond it is sent at once. Its environment must be
   * loaded, and the key's. A hold that came too late, because the drain has begun or its key was revoked meanwhile, ends at once.
   */
  open(sink: Sink, key: Key, stream: Stream, version: bigint): void;
  /** Gives the place back, unless a hold was opened; then the end of the hold does. */
  release(): void;
}

/** A connection that takes nothing for this long is cut. */
const STALLED_MS = 30_000;

interface DirectHold {
  readonly key: Key;
  readonly stream: Stream;
  readonly sink: Sink;
  /** What the client has been sent. */
  version: bigint;
  /** Events that are being sent. */
  pending: readonly StreamEvent[];
  next: number;
  blockedSince: number | undefined;
  verifying: boolean;
  keepAliveAt: number;
  readonly endAt: number;
  /** It waits for its turn to be told of a change. */
  turn: NodeJS.Timeout | undefined;
  unwatch: () => void;
}

export class DirectHolds {
  readonly #options: DirectHoldsOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #holds = new Set<DirectHold>();
  /** Places that were taken and have no hold yet. */
  #opening = 0;
  #timer: NodeJS.Timeout | undefined;
  #draining = false;

  constructor(options: DirectHoldsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    options.replica.keyring.onRevoked((key) => {
      for (const hold of this.#holds) if (hold.key.id === key.id) this.#end(hold, 'revoked');
    });
  }

  get size(): number {
    return this.#holds.size;
  }

  /**
   * Takes a place for a hold, before anything is done for it: those that are being opened count, else a herd would pass the limit.
   *
   * @throws HoldfastError `busy` when all places are taken or the drain has begun
   */
  admit(): HoldSlot {
    if (this.#draining) {
      throw new HoldfastError('busy', 'this node is shutting down: subscribe again, and another one answers');
    }
    const { maxHolds, onRefused } = this.#options;
    if (this.#holds.size + this.#opening >= maxHolds) {
      onRefused?.();
      throw new HoldfastError(
        'busy',
        `this node holds ${maxHolds} connections, which is its limit (HOLDFAST_MAX_HOLDS): subscribe again later, or through a GRIP proxy`,
      );
    }
    this.#opening++;
    let opening = true;
    const release = (): void => {
      if (opening) this.#opening--;
      opening = false;
    };
    return {
      open: (sink, key, stream, version) => {
        release();
        this.#open(sink, key, stream, version);
      },
      release,
    };
  }

  #open(sink: Sink, key: Key, stream: Stream, version: bigint): void {
    const now = this.#now();
    const hold: DirectHold = {
      key,
      stream,
      sink,
      version,
      pending: [],
      next: 0,
      blockedSince: undefined,
      verifying: false,
      keepAliveAt: now + this.#options.keepAlive * 1000 * (0.5 + 0.5 * this.#random()),
      endAt: now + this.#options.maxAge * 1000 * (0.8 + 0.2 * this.#random()),
      turn: undefined,
      unwatch: () => undefined,
    };
    this.#holds.add(hold);
    hold.unwatch = this.#options.replica.watch(stream.environment, (ruleset) => this.#changed(hold, ruleset));
    sink.onDrain(() => {
      hold.blockedSince = undefined;
      this.#pump(hold);
    });
    sink.onClose(() => this.#forget(hold, 'client'));
    this.#timer ??= setInterval(() => this.tick(), 1000).unref();
    this.#write(hold, streamStart(this.#random()));
    if (this.#options.replica.keyring.isRevoked(key.id)) this.#end(hold, 'revoked');
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

  /** What has to be done by the clock; runs every second. */
  tick(): void {
    const now = this.#now();
    for (const hold of this.#holds) {
      if (hold.blockedSince !== undefined && now - hold.blockedSince >= STALLED_MS) this.#end(hold, 'slow');
      else if (now >= hold.endAt) this.#end(hold, 'age');
      else if (now >= hold.keepAliveAt) {
        hold.keepAliveAt = now + this.#options.keepAlive * 1000;
        if (hold.blockedSince === undefined) this.#write(hold, KEEP_ALIVE);
        // Also the moment to ask again about a hold that could not be verified.
        if (hold.turn === undefined) this.#pump(hold);
      }
    }
  }

  /** The environment has changed. A hold of a kind that is told bit by bit waits for a turn of its own; one turn serves all changes until it comes. */
  #changed(hold: DirectHold, ruleset: Ruleset): void {
    const contents = this.#options.contents[hold.stream.kind];
    const wait = contents.spread * this.#random();
    if (wait === 0) this.#pump(hold);
    else if (contents.version(ruleset) !== hold.version) {
      hold.turn ??= setTimeout(() => {
        hold.turn = undefined;
        this.#pump(hold);
      }, wait).unref();
    }
  }

  /** Sends what can be sent now. */
  #pump(hold: DirectHold): void {
    const { replica, contents } = this.#options;
    const { kind, environment } = hold.stream;
    while (this.#holds.has(hold) && hold.blockedSince === undefined) {
      const event = hold.pending[hold.next];
      if (event !== undefined) {
        hold.next++;
        hold.version = event.id;
        this.#write(hold, event.text);
        continue;
      }
      const ruleset = replica.loaded(environment);
      const ours = ruleset === undefined ? hold.version : contents[kind].version(ruleset);
      if (ruleset === undefined || ours === hold.version) return;
      if (ours < hold.version) {
        void this.#verify(hold);
        return;
      }
      hold.pending = contents[kind].events(ruleset, hold.version);
      hold.next = 0;
    }
  }

  /** The client has more than we have: the store says whether we lag or it lost writes. */
  async #verify(hold: DirectHold): Promise<void> {
    if (hold.verifying) return;
    hold.verifying = true;
    try {
      const standing = await this.#options.subscriptions.standing(hold.stream, hold.version);
      // Whoever is ahead of the store gets all that there is, like a reader that has nothing.
      if (standing === 'ahead') hold.version = 0n;
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
    // Who takes nothing would not take the end of the stream either, and the connection would stay for ever.
    if (why === 'slow' || hold.blockedSince !== undefined) hold.sink.destroy();
    else hold.sink.end();
  }

  #forget(hold: DirectHold, why: DirectEndReason): boolean {
    if (!this.#holds.delete(hold)) return false;
    hold.unwatch();
    clearTimeout(hold.turn);
    this.#options.onEnd?.(why);
    return true;
  }
}
