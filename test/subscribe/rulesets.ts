/** Rulesets and replicas for tests of what is sent to subscribers. */
import { heal } from '../../src/recovery/heal.js';
import { createLog } from '../../src/observe/log.js';
import { Replica } from '../../src/replica/replica.js';
import { encodeConfig, encodeEnvelope } from '../../src/ruleset/codec.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import type { Store } from '../../src/store/store.js';
import { flag, sized } from '../ruleset/arbitrary.js';

const envelope = encodeEnvelope({ id: 7n, projectId: 3n });

/** Configs with the ids 1, 2, … of about that many bytes each; 0: small flags. */
export function rulesetOf(count: number, bytes = 0): Ruleset {
  const configs = Array.from({ length: count }, (_, i) => {
    const config = bytes === 0 ? flag(`key-${i + 1}`) : sized(`key-${i + 1}`, bytes);
    return encodeConfig({ ...config, id: `${i + 1}` });
  });
  return new Ruleset({ environment: 7n, version: BigInt(count), at: 0n, envelope, configs });
}

export async function startReplica(store: Store): Promise<Replica> {
  const log = createLog('silent');
  const replica = new Replica({ store, log, heal: (lost) => heal({ store, log }, lost) });
  await replica.start();
  return replica;
}
