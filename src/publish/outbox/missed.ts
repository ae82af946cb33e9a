/**
 * The targets of which one proxy missed something. Each gets one resync item when the proxy is back
 * (a close, for a key), whatever was missed of it. Pure.
 */
import { clientsChannel, environmentChannel, keyChannel } from '../../grip/channels.js';
import { positionText } from '../../ruleset/client-position.js';
import type { PublishTarget } from './entry.js';
import { closeItem, resyncItem, type Item } from './items.js';

/** A target that has a channel. */
export type MissedTarget = Exclude<PublishTarget, { kind: 'none' }>;

/** A set of missed targets, each with the newest version that was missed. */
export class MissedTargets {
  /**
   * The targets by channel. Keys come first: a revoked key's streams end before anything else is
   * repaired.
   */
  readonly #byKind = {
    key: new Map<string, MissedTarget>(),
    environment: new Map<string, MissedTarget>(),
    clients: new Map<string, MissedTarget>(),
  };
  /** The number of targets of each environment. */
  readonly #byEnvironment = new Map<bigint, number>();

  /** The number of targets. */
  get size(): number {
    const { key, environment, clients } = this.#byKind;
    return key.size + environment.size + clients.size;
  }

  /** The number of environments of which something is missed. */
  get environments(): number {
    return this.#byEnvironment.size;
  }

  /** Adds a target, or raises its version. */
  mark(target: PublishTarget): void {
    if (target.kind === 'none') return;
    const known = this.#byKind[target.kind].get(channelOf(target));
    if (known !== undefined && versionOf(target) <= versionOf(known)) return;
    this.#byKind[target.kind].set(channelOf(target), target);
    if (known === undefined) this.#count(target, 1);
  }

  /** Removes a target, unless something newer of it was missed. */
  clear(target: PublishTarget): void {
    if (target.kind === 'none') return;
    const known = this.#byKind[target.kind].get(channelOf(target));
    if (known === undefined || versionOf(known) !== versionOf(target)) return;
    this.#byKind[target.kind].delete(channelOf(target));
    this.#count(known, -1);
  }

  #count(target: MissedTarget, by: 1 | -1): void {
    if (target.kind === 'key') return;
    const count = (this.#byEnvironment.get(target.environment) ?? 0) + by;
    if (count === 0) this.#byEnvironment.delete(target.environment);
    else this.#byEnvironment.set(target.environment, count);
  }

  *[Symbol.iterator](): Generator<MissedTarget> {
    for (const targets of Object.values(this.#byKind)) yield* targets.values();
  }
}

/** Builds the item that repairs a missed target. */
export function repairItem(target: MissedTarget): Item {
  return target.kind === 'key' ? closeItem(target.keyId) : resyncItem(channelOf(target), idOf(target));
}

function channelOf(target: MissedTarget): string {
  switch (target.kind) {
    case 'key':
      return keyChannel(target.keyId);
    case 'environment':
      return environmentChannel(target.environment);
    case 'clients':
      return clientsChannel(target.environment, target.shard);
  }
}

/** The version or position of a target, which tells what is newer. */
function versionOf(target: MissedTarget): bigint {
  if (target.kind === 'key') return 0n;
  return target.kind === 'clients' ? target.position : target.version;
}

function idOf(target: Exclude<MissedTarget, { kind: 'key' }>): string {
  return target.kind === 'clients' ? positionText(target.position) : `${target.version}`;
}
