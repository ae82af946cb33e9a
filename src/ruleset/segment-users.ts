/**
 * The users of each segment of a ruleset, kept from one change to the next: a change of a segment,
 * or the deletion of a boolean flag, must not look at every config.
 *
 * The first need of a ruleset looks at all of it, in steps, and few bytes of each config; after that
 * a change costs its own size.
 */
import type { Steps } from '../core/steps.js';
import type { EncodedConfig } from './codec.js';
import type { Ruleset } from './ruleset.js';
import { segmentsOf } from './segments.js';

/** The configs that are looked at in one step. */
const LOOKED_AT = 64;

/** The users of segments as of one version. */
class SegmentUsers {
  version = 0n;
  readonly #bySegment = new Map<string, Set<string>>();
  readonly #segmentsOf = new Map<string, readonly string[]>();

  /** Takes a config in place of the one that had its key. */
  take(config: EncodedConfig): void {
    for (const segment of this.#segmentsOf.get(config.key) ?? []) {
      const users = this.#bySegment.get(segment);
      if (users?.delete(config.key) === true && users.size === 0) this.#bySegment.delete(segment);
    }
    const segments = segmentsOf(config);
    if (segments.length === 0) {
      this.#segmentsOf.delete(config.key);
      return;
    }
    this.#segmentsOf.set(config.key, segments);
    for (const segment of segments)
      this.#bySegment.set(segment, (this.#bySegment.get(segment) ?? new Set()).add(config.key));
  }

  /** The keys of the configs that use one of these segments; without any, of all that use one. */
  *of(segments: Iterable<string> | undefined): Generator<string> {
    if (segments === undefined) yield* this.#segmentsOf.keys();
    else for (const segment of segments) yield* this.#bySegment.get(segment) ?? [];
  }
}

const known = new WeakMap<Ruleset, SegmentUsers>();

/**
 * Finds the configs of a ruleset that use one of these segments, each once; without any, all that
 * use one. `undefined` is a step without one. Where the ruleset moves on between two steps, the
 * result is of no version.
 */
export function* segmentUsers(
  ruleset: Ruleset,
  segments: Iterable<string> | undefined,
): Generator<EncodedConfig | undefined, void, undefined> {
  const users = yield* currentUsers(ruleset);
  for (const key of new Set(users.of(segments))) {
    const config = ruleset.get(key);
    if (config !== undefined) yield config;
  }
}

function* currentUsers(ruleset: Ruleset): Steps<SegmentUsers> {
  const users = known.get(ruleset) ?? new SegmentUsers();
  if (users.version === ruleset.version) return users;
  const { version } = ruleset;
  let looked = 0;
  // Two plans may do this at the same time, and the ruleset may move on: each config is taken as it
  // is then, not as it was.
  for (const config of ruleset.delta(users.version)) {
    users.take(ruleset.get(config.key) ?? config);
    if (++looked % LOOKED_AT === 0) yield;
  }
  // An older plan must not set the version back.
  if (version > users.version) users.version = version;
  known.set(ruleset, users);
  return users;
}
