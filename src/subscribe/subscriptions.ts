/**
 * Subscribing and recovering: who gets what, as values. No Express, no sockets: http/ turns an answer into bytes.
 *
 * A subscription behind a GRIP proxy is a finite reply: the catch-up, and instructions to hold the connection. From then on the proxy
 * has it. The proxy comes back over the recovery link when an item does not follow what the hold has, and after T at the latest; the
 * answer there is the same: what is missing, and fresh instructions.
 */
import type { Logger } from 'pino';
import { parseGripLast } from '../grip/channels.js';
import { HoldfastError } from '../errors.js';
import { lostEnvironment } from '../replica/missing.js';
import type { Replica } from '../replica/replica.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { Key } from '../store/store.js';
import { decide, type Decision } from './decide.js';
import { holdHeaders, type HoldTimes } from './hold.js';
import type { RecoveryLink } from './link.js';
import { streamStart, type Deltas } from './stream.js';

/** What is sent, and where the client then stands. */
export interface CatchUp {
  readonly body: string;
  readonly version: bigint;
  readonly decision: Decision['kind'];
}

/** A finite answer to a proxy. */
export interface HeldReply {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly decision: Decision['kind'] | 'refused';
}

export interface SubscriptionsOptions {
  readonly replica: Replica;
  readonly deltas: Deltas;
  readonly link: RecoveryLink;
  readonly times: HoldTimes;
  readonly log: Logger;
  /** Told of every client that was found ahead of the store: writes were lost. */
  readonly onDataLost?: () => void;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random?: () => number;
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #random: () => number;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** A new subscription through a GRIP proxy. */
  async hold(key: Key, position: bigint): Promise<HeldReply> {
    const catchUp = await this.catchUp(key.environment, position);
    return this.#held(key.environment, key.id, catchUp, streamStart(this.#random()) + catchUp.body);
  }

  /**
   * A proxy's request over the recovery link.
   *
   * @param gripLast the `Grip-Last` headers: who the hold is and where it stands
   * @throws HoldfastError `link_invalid` when they do not say
   */
  async recover(gripLast: string | readonly string[] | undefined): Promise<HeldReply> {
    const hold = parseGripLast(gripLast);
    if (hold === undefined) {
      throw new HoldfastError(
        'link_invalid',
        'Grip-Last must name one environment channel and one key channel, each with its last-id',
      );
    }
    const key = await this.#options.replica.keyring.findById(hold.keyId);
    if (key?.environment !== hold.environment || key.revokedAt !== undefined)
      return this.#refused(hold.keyId);
    const catchUp = await this.catchUp(hold.environment, hold.version);
    return this.#held(hold.environment, hold.keyId, catchUp, catchUp.body);
  }

  /** What a reader at `position` lacks, from a ruleset that is at least as new as the store's. */
  async catchUp(environment: bigint, position: bigint): Promise<CatchUp> {
    const { decision, ruleset } = await this.#decide(environment, position);
    return { ...this.#answer(decision, ruleset, position), decision: decision.kind };
  }

  /** Where a reader at `position` stands, for one that is held directly and fed from the replica. */
  async standing(environment: bigint, position: bigint): Promise<Decision['kind']> {
    return (await this.#decide(environment, position)).decision.kind;
  }

  async #decide(environment: bigint, position: bigint): Promise<{ decision: Decision; ruleset: Ruleset }> {
    const { replica, log, onDataLost } = this.#options;
    const current = await replica.confirmed(environment);
    if (current === undefined) throw lostEnvironment(environment);
    const { ruleset, confirmed } = current;
    const decision = decide(position, ruleset.version, confirmed);
    if (decision.kind === 'ahead') {
      log.error(
        { environment: `${environment}`, client: `${position}`, store: `${ruleset.version}` },
        'a client is ahead of the store: writes were lost; it gets the whole ruleset',
      );
      onDataLost?.();
    }
    return { decision, ruleset };
  }

  #answer(decision: Decision, ruleset: Ruleset, position: bigint): { body: string; version: bigint } {
    const { deltas } = this.#options;
    switch (decision.kind) {
      case 'behind':
        return { body: deltas.text(ruleset, decision.from), version: ruleset.version };
      case 'current':
        return { body: '', version: position };
      case 'ahead':
        return { body: deltas.text(ruleset, 0n), version: ruleset.version };
      case 'unverified':
        return { body: '', version: position };
    }
  }

  #held(environment: bigint, keyId: string, catchUp: CatchUp, body: string): HeldReply {
    const { link, times, replica } = this.#options;
    // Revoked while we looked: the item that closes the key's streams came before this hold could begin.
    if (replica.keyring.isRevoked(keyId)) return this.#refused(keyId);
    const hold = { environment, keyId, version: catchUp.version, link: link.path() };
    return { headers: holdHeaders(hold, times, this.#random()), body, decision: catchUp.decision };
  }

  /** Without instructions, the proxy ends the stream; the client comes back and is refused by name. */
  #refused(keyId: string): HeldReply {
    this.#options.log.info({ key: keyId }, 'a hold of a revoked or unknown key was ended');
    return { headers: {}, body: '', decision: 'refused' };
  }
}
