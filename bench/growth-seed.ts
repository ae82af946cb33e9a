/** Fills a store for growth.ts: environments with configs and a key each, straight into the store. */
import { createLog } from '../src/observe/log.js';
import { encodeConfig, encodeEnvelope } from '../src/ruleset/codec.js';
import { openStore } from '../src/store/open.js';
import type { Store } from '../src/store/store.js';
import { createEnvironment, keyNamed, settings, TESTER } from '../test/support/commits.js';
import type { Config } from '../src/ruleset/model.js';
import { flag, scheduled } from '../test/support/configs.js';

/** The size of an installation. */
export interface Installation {
  readonly environments: number;
  /** Configs of each environment. */
  readonly configs: number;
}

/** Configs of one commit: larger ones would not be sent as one request of a client. */
const PER_COMMIT = 5_000;
/** Environments that are filled at the same time, so that they share the disk's writes. */
const AT_ONCE = 200;

/** Fills a store with environments from 1 on, each with a key whose text is `keyOf` it. */
export async function fillStore(location: string, { environments, configs }: Installation): Promise<void> {
  const store = await openStore(location, { log: createLog('warn') });
  let next = 1;
  const lane = async (): Promise<void> => {
    while (next <= environments) await fillEnvironment(store, BigInt(next++), configs);
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  } finally {
    await store.close();
  }
}

/** The text of the key of an environment. */
export function keyOf(environment: bigint): string {
  return `bench-key-${environment}`;
}

/** The config at a place: flags, but for a segment, and a flag that is on from a time far away. */
function configAt(place: number): Config {
  if (place === 0) return segmentConfig(true);
  if (place === 1) return scheduled('bench.flag.1', Date.now() + 30 * 24 * 60 * 60 * 1000);
  return flag(`bench.flag.${place}`, true);
}

/** A segment that no flag uses. */
export function segmentConfig(value: boolean): Config {
  return { ...flag('bench.segment', value), configType: 'SEGMENT' };
}

async function fillEnvironment(store: Store, environment: bigint, count: number): Promise<void> {
  await createEnvironment(store, environment);
  await store.addKey(keyNamed(keyOf(environment), environment));
  const at = await store.time();
  const envelope = encodeEnvelope(settings(environment));
  let previous = 0n;
  for (let first = 0; first < count; first += PER_COMMIT) {
    const last = Math.min(first + PER_COMMIT, count);
    const configs = Array.from({ length: last - first }, (_, index) =>
      encodeConfig({ ...configAt(first + index), id: `${at + BigInt(first + index)}` }),
    );
    const version = at + BigInt(last - 1);
    const clients = { clientPrevious: previous, clientVersion: version };
    const change = { environment, previous, version, ...clients, at, envelope, configs };
    const expect = previous;
    const result = await store.commit({ environment, by: TESTER, expect, change, live: last });
    if (result.kind !== 'committed') throw new Error(`not committed: ${result.kind}`);
    previous = version;
  }
}
