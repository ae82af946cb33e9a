/** Commits and keys that go straight into a store, without the checks of the HTTP interface. */
import { planChange } from '../../src/commit/plan.js';
import { planSettings } from '../../src/commit/plan-settings.js';
import { encodeEnvelope } from '../../src/ruleset/codec.js';
import type { Config } from '../../src/ruleset/model.js';
import { Ruleset, type Change } from '../../src/ruleset/ruleset.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import { hashKey } from '../../src/keys/keyring.js';
import type { Attribution } from '../../src/store/history.js';
import type { Environment, Key, Store } from '../../src/store/store.js';

/** The author of commits in tests. */
export const TESTER: Attribution = { author: 'tester', source: 'http' };

export function settings(id: bigint): Environment {
  return { id, projectId: 3n, name: `environment ${id}` };
}

export async function createEnvironment(store: Store, id: bigint): Promise<void> {
  const plan = planSettings(undefined, settings(id), await store.time());
  await store.commit({ environment: id, by: TESTER, expect: undefined, settings: settings(id), ...plan });
}

/** Commits as another node would: planned against what the store has. */
export async function commitConfigs(
  store: Store,
  environment: bigint,
  ...configs: Config[]
): Promise<Change> {
  const stored = (await store.read(environment))!;
  const ruleset = new Ruleset({ ...stored, environment, envelope: encodeEnvelope(stored) });
  const submitted = readSubmittedJson({ configs });
  const plan = planChange({ ruleset, settings: settings(environment) }, submitted, await store.time());
  const result = await store.commit({ environment, by: TESTER, expect: stored.version, ...plan });
  if (result.kind !== 'committed') throw new Error(`not committed: ${result.kind}`);
  return plan.change!;
}

/** The text of the key is `text`; its id too. */
export function keyNamed(text: string, environment: bigint): Key {
  return {
    id: text,
    environment,
    kind: 'server',
    name: text,
    hash: hashKey(text),
    createdAt: 1_700_000_000_000,
  };
}
