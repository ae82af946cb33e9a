/**
 * Changes of one config. A change is made only if the config still is the one that was edited:
 *
 *     edited at id 5 ──▶ read the ruleset: id is 5, version 9 ──▶ commit If-Match 9 ──▶ done
 *                        id is 7: a conflict, shown, nothing is written
 *                                          412: another config changed in between ──▶ read again
 */
import type { Config } from '../../src/ruleset/model.js';
import { ApiError, call, callWithVersion, environmentPath } from './api.js';
import type { KeyedConfig, Ruleset } from './model/ruleset.js';

/** A commit that was made. */
export interface Committed {
  readonly version: string;
  readonly unchanged?: true;
}

/** The difference of one config in words. */
export interface Difference {
  readonly key: string;
  readonly kind: 'added' | 'changed' | 'deleted';
  readonly lines: readonly string[];
}

/** A change that was shown and not made. */
export interface Preview {
  readonly version: string;
  readonly unchanged?: true;
  readonly configs: readonly Difference[];
}

/** A change of one config. */
export interface ConfigChange {
  readonly environment: string;
  readonly config: Config;
  /** The id that the config had when it was edited; `undefined`: it did not exist. */
  readonly expectedId: string | undefined;
  readonly message?: string;
}

/** The outcome of a commit. */
export type CommitOutcome =
  | { readonly kind: 'committed'; readonly committed: Committed }
  /** `theirs` is `undefined` when it was deleted. */
  | { readonly kind: 'conflict'; readonly theirs: KeyedConfig | undefined; readonly ruleset: Ruleset };

/** Other configs of the environment may change so often between reading and writing. */
const ATTEMPTS = 8;

/**
 * Commits a config if nothing changed it since it was read.
 *
 * @param known the ruleset that is in memory, for the first attempt
 * @throws ApiError when the server refuses the change
 */
export async function commitConfig(change: ConfigChange, known?: Ruleset): Promise<CommitOutcome> {
  const { environment, config, expectedId, message } = change;
  let ruleset = known ?? (await readRuleset(environment));
  for (let attempt = 1; ; attempt++) {
    const present = ruleset.configs.find(({ key }) => key === config.key);
    if (present?.id !== expectedId) return { kind: 'conflict', theirs: present, ruleset };
    try {
      const committed = await call<Committed>(`${environmentPath(environment)}/changes`, {
        body: { configs: [config] },
        headers: {
          'If-Match': `"${ruleset.version}"`,
          ...(message ? { 'Holdfast-Message': encodeURIComponent(message) } : {}),
        },
      });
      return { kind: 'committed', committed };
    } catch (error) {
      const isOlder = error instanceof ApiError && error.code === 'version_mismatch';
      if (!isOlder || attempt >= ATTEMPTS) throw error;
      ruleset = await readRuleset(environment);
    }
  }
}

/** Shows what a change would do, and makes none. @throws ApiError when the server refuses it */
export function previewConfig({ environment, config }: ConfigChange): Promise<Preview> {
  return call<Preview>(`${environmentPath(environment)}/changes?dryRun=true`, {
    body: { configs: [config] },
  });
}

/** Takes one change back, as a new change. @throws ApiError */
export function undoChange(environment: string, version: string): Promise<Committed> {
  return call<Committed>(`${environmentPath(environment)}/rollback`, { body: { undo: version } });
}

/** Reads the configs of an environment with their version. */
export async function readRuleset(environment: string, signal?: AbortSignal): Promise<Ruleset> {
  const path = `${environmentPath(environment)}/configs`;
  const { data, version = '0' } = await callWithVersion<{ configs?: KeyedConfig[] }>(path, { signal });
  return { configs: data.configs ?? [], version };
}
