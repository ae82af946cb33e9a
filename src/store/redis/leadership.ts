/** Leadership by a lease and cursors in Redis. */
import type { Leadership, FeedPosition } from '../store.js';
import { replyPairs, replyText } from './codec.js';
import type { Commands } from './commands.js';
import { ACQUIRE, RELEASE, REMOVE_CURSORS, SAVE_CURSORS } from './lease-scripts.js';
import { HolderAbsence, LeasePresence, type LeasePresenceOptions } from './presence.js';

/** The names of one leadership in Redis. */
export interface LeadershipNames {
  readonly lease: string;
  /** The name of the holder that has shown its subscription. */
  readonly present: string;
  readonly cursors: string;
}

/**
 * RedisLeadership keeps the lease as a string with an expiry, the cursors as a hash. A holder whose
 * process died is replaced before its lease ends; see presence.ts.
 */
export class RedisLeadership implements Leadership {
  readonly #commands: Commands;
  readonly #names: LeadershipNames;
  readonly #options: LeasePresenceOptions;
  readonly #presence: LeasePresence;
  readonly #absence = new HolderAbsence();

  constructor(commands: Commands, names: LeadershipNames, options: LeasePresenceOptions) {
    this.#commands = commands;
    this.#names = names;
    this.#options = options;
    this.#presence = new LeasePresence(options);
  }

  async acquire(holder: string, ttl: number): Promise<boolean> {
    const { lease, present } = this.#names;
    const absent = this.#absence.replaceable(performance.now());
    const args = [holder, ttl, absent ?? ''];
    const reply = await this.#commands.read({ lua: ACQUIRE, keys: [lease, present], args });
    this.#absence.note(Buffer.isBuffer(reply) ? replyText(reply) : undefined, performance.now());
    const isOurs = reply === 1 || reply === 2;
    if (isOurs) this.#presence.show(`${lease}:${holder}`, reply === 2);
    else this.#presence.hide();
    if (isOurs && absent !== undefined) this.#logReplaced(absent);
    return isOurs;
  }

  async release(holder: string): Promise<void> {
    this.#presence.hide();
    await this.#commands.read({ lua: RELEASE, keys: [this.#names.lease], args: [holder] });
  }

  async cursors(): Promise<Map<string, FeedPosition>> {
    const cursors = replyPairs(await this.#commands.command('HGETALL', this.#names.cursors));
    return new Map([...cursors].map(([name, position]) => [name, position.toString()]));
  }

  async saveCursors(holder: string, cursors: ReadonlyMap<string, FeedPosition>): Promise<boolean> {
    const keys = [this.#names.lease, this.#names.cursors];
    const args = [holder, ...[...cursors].flat()];
    return (await this.#commands.read({ lua: SAVE_CURSORS, keys, args })) === 1;
  }

  async removeCursors(holder: string, names: readonly string[]): Promise<boolean> {
    const keys = [this.#names.lease, this.#names.cursors];
    return (await this.#commands.read({ lua: REMOVE_CURSORS, keys, args: [holder, ...names] })) === 1;
  }

  #logReplaced(holder: string): void {
    const { log, name: store } = this.#options;
    log.info(
      { store, lease: this.#names.lease, holder },
      'the holder of the lease has closed its connection without giving the lease up: this process replaces it',
    );
  }
}
