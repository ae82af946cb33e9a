/**
 * The watches of direct holds: one for each stream, whatever the number of its holds. A hold so needs
 * no listeners and closures of its own.
 */
import type { Logger } from 'pino';
import { messageOf } from '../core/errors.js';
import type { Stream } from '../grip/channels.js';
import type { Replica } from '../replica/replica.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { BoundaryAlarms } from './boundary-alarms.js';

/** The collaborators of the watches. */
export interface StreamWatchesOptions<T> {
  readonly replica: Pick<Replica, 'watch'>;
  readonly alarms: Pick<BoundaryAlarms, 'watch'>;
  readonly log: Logger;
  /** Notifies a hold that what its stream has may have changed. */
  readonly notify: (hold: T, ruleset: Ruleset) => void;
}

interface Watch<T> {
  readonly holds: Set<T>;
  readonly ends: readonly (() => void)[];
}

/** Notifies the holds of a stream, in the order in which they were added. */
export class StreamWatches<T> {
  readonly #options: StreamWatchesOptions<T>;
  readonly #watches: Readonly<Record<Stream['kind'], Map<bigint, Watch<T>>>> = {
    configs: new Map(),
    clients: new Map(),
  };

  constructor(options: StreamWatchesOptions<T>) {
    this.#options = options;
  }

  /** Notifies a hold from now on. The stream's environment must be loaded. */
  add(stream: Stream, hold: T): void {
    const watches = this.#watches[stream.kind];
    let watch = watches.get(stream.environment);
    if (watch === undefined) watches.set(stream.environment, (watch = this.#begin(stream)));
    watch.holds.add(hold);
  }

  /** Notifies a hold no more. */
  remove(stream: Stream, hold: T): void {
    const watches = this.#watches[stream.kind];
    const watch = watches.get(stream.environment);
    if (watch?.holds.delete(hold) !== true || watch.holds.size > 0) return;
    for (const end of watch.ends) end();
    watches.delete(stream.environment);
  }

  #begin({ kind, environment }: Stream): Watch<T> {
    const { replica, alarms } = this.#options;
    const holds = new Set<T>();
    const listener = (ruleset: Ruleset): void => this.#notify(holds, ruleset);
    const ends = [replica.watch(environment, listener)];
    if (kind === 'clients') ends.push(alarms.watch(environment, listener));
    return { holds, ends };
  }

  /** A hold that cannot be notified does not keep the others from it. */
  #notify(holds: ReadonlySet<T>, ruleset: Ruleset): void {
    const { notify, log } = this.#options;
    for (const hold of holds) {
      try {
        notify(hold, ruleset);
      } catch (error) {
        log.error({ error: messageOf(error) }, 'a hold could not be notified');
      }
    }
  }
}
