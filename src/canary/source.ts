/** The canary's environment for its own holds, read from the store each time: a few bytes. */
import { encodeEnvelope } from '../ruleset/codec.js';
import { Ruleset } from '../ruleset/ruleset.js';
import type { Confirmed } from '../replica/rulesets.js';
import { CANARY_ENVIRONMENT } from '../store/rules.js';
import type { Store } from '../store/store.js';

/**
 * Reads the ruleset of the canary's environment; `undefined` before the first change. It is asked for
 * once per proxy and T, and at a reconnect, so no replica keeps it.
 *
 * @throws HoldfastError `store_unavailable`
 */
export async function confirmedCanary(store: Pick<Store, 'read'>): Promise<Confirmed | undefined> {
  const stored = await store.read(CANARY_ENVIRONMENT);
  if (stored === undefined) return undefined;
  const start = { ...stored, environment: CANARY_ENVIRONMENT, envelope: encodeEnvelope(stored) };
  return { ruleset: await Ruleset.load(start), confirmed: true };
}
