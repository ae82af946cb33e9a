/**
 * Subscription and recovery, as values. No Express, no sockets: http/ turns an answer into bytes.
 *
 * A subscription behind a GRIP proxy is a finite reply: the catch-up, and instructions to hold the
 * connection. From then on the proxy has it. The proxy comes back over the recovery link when an
 * item does not follow the version of the hold, and after T at the latest; the answer there is the
 * same: the missing delta, and fresh instructions.
 */
import type { Logger } from 'pino';
import { parseGripLast, streamPositionText, type HoldPosition, type Stream } from '../grip/channels.js';
import type { HoldInstructions } from '../grip/instructions.js';
import { HoldfastError } from '../core/errors.js';
import { eventLoop } from '../core/turns.js';
import { noKeyAtAll } from '../keys/keyring.js';
import { lostEnvironment } from '../replica/missing.js';
import type { Replica } from '../replica/replica.js';
import type { Confirmed } from '../replica/rulesets.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { Key } from '../store/store.js';
import { decide, type Decision } from './decide.js';
import { holdInstructions, type HoldTimes } from './hold.js';
import type { RecoveryLink } from './link.js';
import { streamStart, type StreamContents, type StreamEvent } from './stream.js';

/** Configs from which a ruleset is large: a delta of so many takes about half a millisecond. */
const LARGE = 1_000;

/** The events that are sent, and the position of the client after them. */
export interface CatchUp {
  readonly events: readonly StreamEvent[];
  readonly position: bigint;
  readonly decision: Decision['kind'];
}

/** A finite answer to a proxy. */
export interface HeldReply {
  /** `undefined` ends the stream. */
  readonly instructions: HoldInstructions | undefined;
  /** The beginning of the stream; empty for a hold that is in the middle of it. */
  readonly start: string;
  readonly events: readonly StreamEvent[];
  readonly stream: Stream['kind'];
  readonly decision: Decision['kind'] | 'refused';
  /** The version at which the hold stands after this answer; `undefined`: it is ended. */
  readonly standing: HoldPosition | undefined;
}

/** The key and the environment of the canary; the replica has neither. */
export interface CanarySource {
  readonly key: Key;
  readonly confirmed: () => Promise<Confirmed | undefined>;
}

/** The collaborators of subscriptions. */
export interface SubscriptionsOptions {
  readonly replica: Replica;
  /** The canary: a key of its own, and the ruleset of its environment as the store has it. */
  readonly canary?: CanarySource | undefined;
  readonly contents: StreamContents;
  readonly link: RecoveryLink;
  readonly times: HoldTimes;
  readonly log: Logger;
  /**
   * Called for every client that names a version above the store's. A client can make one up, so it
   * is no evidence of a loss.
   */
  readonly onAhead?: () => void;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random?: () => number;
}

/** Answers subscriptions and recoveries, and decides the position of each reader. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #random: () => number;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** Answers a new subscription through a GRIP proxy, with a key of the stream's environment. */
  async hold(key: Key, stream: Stream, position: bigint): Promise<HeldReply> {
    const catchUp = await this.catchUp(stream, position);
    return this.#held(stream, key.id, catchUp, streamStart(this.#random()));
  }

  /**
   * Answers a proxy's request over the recovery link.
   *
   * @param gripLast the `Grip-Last` headers: stream, key and position of the hold
   * @throws HoldfastError `link_invalid` when they lack one of these; `store_unavailable` when the
   *   store has no key at all, so that the proxy keeps the hold and asks again
   */
  async recover(gripLast: string | readonly string[] | undefined): Promise<HeldReply> {
    const hold = parseGripLast(gripLast);
    if (hold === undefined) {
      throw new HoldfastError(
        'link_invalid',
        'Grip-Last must name one channel of a stream and one key channel, each with its last-id',
      );
    }
    const { stream, keyId, position } = hold;
    const { canary, replica } = this.#options;
    const key = keyId === canary?.key.id ? canary.key : await replica.keyring.findById(keyId);
    // The hold is better than its key: it must outlast a store that lost everything.
    if (key === undefined && replica.keyring.size === 0) throw noKeyAtAll();
    if (key === undefined || !mayFollow(key, stream)) return this.#refused(stream, keyId);
    if (keyId !== canary?.key.id) replica.keyring.noteUse(key);
    const catchUp = await this.catchUp(stream, position);
    return this.#held(stream, keyId, catchUp, '');
  }

  /**
   * Builds the events that a reader at `position` lacks, from a ruleset that is at least as new as
   * the store's.
   */
  async catchUp(stream: Stream, position: bigint): Promise<CatchUp> {
    const { decision, ruleset } = await this.#decide(stream, position);
    return { ...this.#answer(stream, decision, ruleset, position), decision: decision.kind };
  }

  /** Decides about a reader at `position` that is held directly and fed from the replica. */
  async standing(stream: Stream, position: bigint): Promise<Decision['kind']> {
    return (await this.#decide(stream, position)).decision.kind;
  }

  async #decide(stream: Stream, position: bigint): Promise<{ decision: Decision; ruleset: Ruleset }> {
    const { replica, canary, contents } = this.#options;
    const isCanary = stream.environment === canary?.key.environment;
    const current = await (isCanary ? canary.confirmed() : replica.confirmed(stream.environment));
    if (current === undefined) throw lostEnvironment(stream.environment);
    // The rest takes time with a large ruleset, and waits for a slice of its own. The ruleset
    // may move on in the meantime, and is then as new as what was confirmed, or newer.
    if (current.ruleset.size > LARGE) await eventLoop.begin();
    const { ruleset, confirmed } = current;
    const ours = contents[stream.kind].position(ruleset, position);
    const decision = decide(position, ours, confirmed);
    if (decision.kind === 'ahead') this.#noteAhead(stream, position, ours);
    return { decision, ruleset };
  }

  /**
   * Counts a client that is ahead of the store. Its word proves nothing and must neither fill the
   * log nor raise an alarm: that writes were lost is reported by the replica, which had them.
   */
  #noteAhead({ kind, environment }: Stream, client: bigint, store: bigint): void {
    const { log, onAhead } = this.#options;
    const text = (position: bigint) => streamPositionText(kind, position);
    onAhead?.();
    log.debug(
      { stream: kind, environment: `${environment}`, client: text(client), store: text(store) },
      'a client names a version above that of the store; it is sent everything',
    );
  }

  #answer(
    { kind }: Stream,
    decision: Decision,
    ruleset: Ruleset,
    position: bigint,
  ): { events: readonly StreamEvent[]; position: bigint } {
    const contents = this.#options.contents[kind];
    const brought = (from: bigint): Pick<CatchUp, 'events' | 'position'> => {
      const events = contents.events(ruleset, from);
      return { events, position: events.at(-1)?.id ?? contents.position(ruleset, from) };
    };
    switch (decision.kind) {
      case 'behind':
        return brought(decision.from);
      case 'current':
        return { events: [], position };
      case 'ahead':
        return brought(0n);
      case 'unverified':
        return { events: [], position };
    }
  }

  #held(stream: Stream, keyId: string, { events, position, decision }: CatchUp, start: string): HeldReply {
    const { link, times, replica } = this.#options;
    // Revoked during the catch-up: the item that closes the key's streams came before this hold
    // could begin.
    if (replica.keyring.isRevoked(keyId)) return this.#refused(stream, keyId);
    const hold = { stream, keyId, position, link: link.path() };
    const instructions = holdInstructions(hold, times, this.#random());
    const standing = { stream, keyId, position };
    return { instructions, start, events, stream: stream.kind, decision, standing };
  }

  /**
   * Ends a hold: without instructions, the proxy ends the stream; the client comes back and is
   * refused with its reason.
   */
  #refused(stream: Stream, keyId: string): HeldReply {
    this.#options.log.info({ key: keyId }, 'a hold of a revoked or unknown key was ended');
    const [instructions, standing] = [undefined, undefined];
    return { instructions, start: '', events: [], stream: stream.kind, decision: 'refused', standing };
  }
}

/**
 * True when a key is good for a stream: not revoked, of its environment, and for rules a server
 * key.
 */
function mayFollow(key: Key, { kind, environment }: Stream): boolean {
  const isRightKind = kind === 'clients' || key.kind === 'server';
  return key.environment === environment && key.revokedAt === undefined && isRightKind;
}
