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
import { decodeConfig, type EncodedConfig } from '../ruleset/codec.js';
import { isSegment, usersOf, type ChangedConfig, type RulesetView } from '../ruleset/segments.js';
import { isVisibleToClients } from '../ruleset/visible.js';

/**
 * @param after the ruleset as it will be. Who uses a segment is looked up there only: a user that
 *   is another one before the change is itself changed, and seen if it is visible
 */
export function isSeenByClients(after: RulesetView, changed: readonly ChangedConfig[]): boolean {
  for (const { before, encoded } of changed) {
    if (isVisible(encoded) || (before !== undefined && isVisible(before))) return true;
  }
  const segments = changed.filter(
    ({ before, encoded }) => isSegment(encoded) || (before !== undefined && isSegment(before)),
  );
  return isUsedVisibly(after, new Set(segments.map(({ encoded }) => encoded.key)));
}

function isUsedVisibly(after: RulesetView, segments: ReadonlySet<string>): boolean {
  if (segments.size === 0) return false;
  const direct = [...usersOf(after, segments)].map(({ config }) => config);
  if (direct.some(isVisible)) return true;
  return direct.some(isSegment) && isReachedVisibly(direct, allUsers(after));
}

/**
 * The users of each segment, found in one pass, because a search for the users of each in turn
 * would take the length of a chain of segments times as long.
 */
function allUsers(view: RulesetView): Map<string, EncodedConfig[]> {
  const users = new Map<string, EncodedConfig[]>();
  for (const { config, segments } of usersOf(view)) {
    for (const key of segments) {
      const known = users.get(key);
      if (known === undefined) users.set(key, [config]);
      else known.push(config);
    }
  }
  return users;
}

/** True when a visible config is among the users of these, or the users of those, and so on. */
function isReachedVisibly(
  from: readonly EncodedConfig[],
  users: ReadonlyMap<string, EncodedConfig[]>,
): boolean {
  const known = new Set(from);
  // A set that grows while it is walked through.
  for (const config of known) {
    if (isVisible(config)) return true;
    for (const user of users.get(config.key) ?? []) known.add(user);
  }
  return false;
}

function isVisible(config: EncodedConfig): boolean {
  return isVisibleToClients(decodeConfig(config));
}
