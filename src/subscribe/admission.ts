/**
 * The slots for direct holds, and who may take them. Pure.
 *
 * A token of an event stream is in every page, so anyone can open streams with it. Without shares a
 * single visitor could take every slot, and servers would be refused. So event streams have at most
 * half of the slots, and those of one key from one address an eighth; server keys are secret, and
 * their streams may take all.
 */
import type { Stream } from '../grip/channels.js';

/** A subscriber that asks for a slot. */
export interface Subscriber {
  readonly keyId: string;
  readonly stream: Stream['kind'];
  /**
   * The address that the connection comes from: of the client, or of what stands before this
   * process.
   */
  readonly address: string;
}

/** The share that has no slot left, or `undefined` when a slot is free. */
export type AdmissionRefusal = 'all' | 'event-streams' | 'key-and-address' | undefined;

/**
 * The smallest share of one key from one address: a small limit must not lock out a page with a few
 * tabs.
 */
const MIN_PER_ADDRESS = 16;

/** The share of all slots from which on they are nearly full. */
const NEARLY_FULL = 0.95;

/** The share down to which they then stay so: a load balancer must not change its mind with each client. */
const FREE_AGAIN = 0.9;

/** The use of the slots. */
export interface HoldUse {
  /** Connections that are open. */
  readonly held: number;
  readonly max: number;
  /** True from 95 % of the slots on, until less than 90 % are taken. */
  readonly nearlyFull: boolean;
}

/** Counts the slots that are taken. */
export class Admission {
  readonly #max: number;
  readonly #maxEventStreams: number;
  readonly #maxPerAddress: number;
  #taken = 0;
  #nearlyFull = false;
  #eventStreams = 0;
  /** Event streams by key and address. */
  readonly #byAddress = new Map<string, number>();

  /** @param max slots in all */
  constructor(max: number) {
    this.#max = max;
    this.#maxEventStreams = Math.max(1, Math.floor(max / 2));
    this.#maxPerAddress = Math.max(MIN_PER_ADDRESS, Math.floor(max / 8));
  }

  /** The slots that are taken. */
  get taken(): number {
    return this.#taken;
  }

  /** True from 95 % of the slots on, until less than 90 % are taken. */
  get nearlyFull(): boolean {
    return this.#nearlyFull;
  }

  /** Says which share is used up for a subscriber, if any. */
  refusal(subscriber: Subscriber): AdmissionRefusal {
    if (this.#taken >= this.#max) return 'all';
    if (subscriber.stream === 'configs') return undefined;
    if (this.#eventStreams >= this.#maxEventStreams) return 'event-streams';
    const count = this.#byAddress.get(placeOf(subscriber)) ?? 0;
    return count >= this.#maxPerAddress ? 'key-and-address' : undefined;
  }

  /** Takes a slot for a subscriber that is not refused. */
  take(subscriber: Subscriber): void {
    this.#taken++;
    if (this.#taken >= NEARLY_FULL * this.#max) this.#nearlyFull = true;
    if (subscriber.stream === 'configs') return;
    this.#eventStreams++;
    const place = placeOf(subscriber);
    this.#byAddress.set(place, (this.#byAddress.get(place) ?? 0) + 1);
  }

  /** Frees the slot of a subscriber that took one. */
  free(subscriber: Subscriber): void {
    this.#taken--;
    if (this.#taken < FREE_AGAIN * this.#max) this.#nearlyFull = false;
    if (subscriber.stream === 'configs') return;
    this.#eventStreams--;
    const place = placeOf(subscriber);
    const count = (this.#byAddress.get(place) ?? 1) - 1;
    if (count === 0) this.#byAddress.delete(place);
    else this.#byAddress.set(place, count);
  }
}

/** Ids of keys have no space. */
function placeOf({ keyId, address }: Subscriber): string {
  return `${keyId} ${address}`;
}

const REFUSED_FOR: Record<NonNullable<AdmissionRefusal>, string> = {
  all: 'which is its limit',
  'event-streams': 'and event streams have their half of that',
  'key-and-address': 'and this key and address have their share of that',
};

/** Describes a refusal for the client. */
export function refusalText(refusal: NonNullable<AdmissionRefusal>, maxHolds: number): string {
  return `this node holds at most ${maxHolds} connections (HOLDFAST_MAX_HOLDS), ${REFUSED_FOR[refusal]}: subscribe again later, or through a GRIP proxy`;
}
