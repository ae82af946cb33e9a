/**
 * Decides whether a change affects values that client-side SDKs see; then it moves the
 * environment's client version, on which their caches and event streams hang. Pure.
 *
 * Seen are: a config that clients may have the value of, before or after the change; and a segment
 * that such a config uses, itself or through other segments, because it decides its value. A config
 * that is committed again as it was counts as well, because it has a new id, which is in what
 * clients are answered. Where in doubt a change is seen: the price is a fetch, and of the opposite
 * a client that is never told.
 */
import type { Steps } from '../core/steps.js';
import { decodeConfig, type EncodedConfig } from '../ruleset/codec.js';
import { isSegment, usersOf, type ChangedConfig, type RulesetView } from '../ruleset/segments.js';
import { isVisibleToClients } from '../ruleset/visible.js';

/**
 * Decides in steps whether clients see a change.
 *
 * @param after the ruleset as it will be. Who uses a segment is looked up there only: a user that
 *   is another one before the change is itself changed, and seen if it is visible
 */
export function* seenSteps(after: RulesetView, changed: readonly ChangedConfig[]): Steps<boolean> {
  const segments = new Set<string>();
  for (const { before, encoded } of changed) {
    if (isVisible(encoded) || (before !== undefined && isVisible(before))) return true;
    if (isSegment(encoded) || (before !== undefined && isSegment(before))) segments.add(encoded.key);
    yield;
  }
  return yield* usedVisiblySteps(after, segments);
}

function* usedVisiblySteps(after: RulesetView, segments: ReadonlySet<string>): Steps<boolean> {
  if (segments.size === 0) return false;
  const direct: EncodedConfig[] = [];
  for (const user of usersOf(after, segments)) {
    if (user !== undefined && isVisible(user.config)) return true;
    if (user !== undefined) direct.push(user.config);
    yield;
  }
  if (!direct.some(isSegment)) return false;
  return yield* reachedVisiblySteps(direct, yield* allUsers(after));
}

/**
 * The users of each segment, found in one pass, because a search for the users of each in turn
 * would take the length of a chain of segments times as long.
 */
function* allUsers(view: RulesetView): Steps<Map<string, EncodedConfig[]>> {
  const users = new Map<string, EncodedConfig[]>();
  for (const user of usersOf(view)) {
    for (const key of user?.segments ?? []) {
      const known = users.get(key);
      if (user === undefined) continue;
      if (known === undefined) users.set(key, [user.config]);
      else known.push(user.config);
    }
    yield;
  }
  return users;
}

/** True when a visible config is among the users of these, or the users of those, and so on. */
function* reachedVisiblySteps(
  from: readonly EncodedConfig[],
  users: ReadonlyMap<string, EncodedConfig[]>,
): Steps<boolean> {
  const known = new Set(from);
  // A set that grows while it is walked through.
  for (const config of known) {
    if (isVisible(config)) return true;
    for (const user of users.get(config.key) ?? []) known.add(user);
    yield;
  }
  return false;
}

function isVisible(config: EncodedConfig): boolean {
  return isVisibleToClients(decodeConfig(config));
}
