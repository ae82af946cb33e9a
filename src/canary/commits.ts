/**
 * The canary's changes: one config of an environment of its own, changed again and again. Neither
 * the environment nor its history grows.
 */
import { encodeConfig, encodeEnvelope } from '../ruleset/codec.js';
import type { Change } from '../ruleset/ruleset.js';
import { nextId } from '../ruleset/version.js';
import { CANARY_ENVIRONMENT } from '../store/rules.js';
import type { Environment, Store } from '../store/store.js';

const SETTINGS: Environment = { id: CANARY_ENVIRONMENT, projectId: 0n, name: 'canary' };

/** The version at which a change is planned, and the time of it. */
interface Base {
  readonly version: bigint | undefined;
  readonly at: bigint;
}

/** The canary's changes of one term of leadership. */
export class CanaryCommits {
  readonly #store: Pick<Store, 'commit' | 'environment' | 'time'>;
  /** `undefined`: the store is to be asked. */
  #base: Base | undefined;

  constructor(store: Pick<Store, 'commit' | 'environment' | 'time'>) {
    this.#store = store;
  }

  /**
   * Commits one change.
   *
   * @param begin called with its version before it is written, because it may arrive at a client
   *   before the store has answered
   * @returns false when another node committed in between: nothing was written
   * @throws HoldfastError `store_unavailable`
   */
  async commit(begin: (version: bigint) => void): Promise<boolean> {
    const { version, at: before } = (this.#base ??= await this.#read());
    this.#base = undefined;
    const at = await this.#store.time();
    const change = changeFrom(version ?? 0n, { now: at, before });
    begin(change.version);
    const result = await this.#store.commit({
      environment: CANARY_ENVIRONMENT,
      by: { author: 'holdfast', source: 'settings' },
      expect: version,
      ...(version === undefined ? { settings: SETTINGS } : {}),
      change,
      live: 1,
    });
    if (result.kind !== 'committed') return false;
    this.#base = { version: change.version, at };
    return true;
  }

  async #read(): Promise<Base> {
    const stored = await this.#store.environment(CANARY_ENVIRONMENT);
    return { version: stored?.version, at: stored?.at ?? 0n };
  }
}

/** @param times of the store's clock, microseconds: now, and of the version before */
function changeFrom(previous: bigint, { now, before }: { now: bigint; before: bigint }): Change {
  const version = nextId(now, previous, before);
  const config = encodeConfig({
    id: `${version}`,
    key: 'canary',
    configType: 'CONFIG',
    valueType: 'INT',
    rows: [{ values: [{ value: { int: '0' } }] }],
  });
  return {
    environment: CANARY_ENVIRONMENT,
    previous,
    version,
    // No client-side SDK sees it, so no event stream is notified.
    clientPrevious: 0n,
    clientVersion: 0n,
    at: now > before ? now : before,
    envelope: encodeEnvelope(SETTINGS),
    configs: [config],
  };
}
