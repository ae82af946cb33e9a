/**
 * Finds API keys among copies. The environment is in a key's text; the key itself is compared by
 * its hash, and counts only in that environment.
 *
 *     in memory, or in the manifest on disk? ── good ──▶ sources asked lately, or asked now; then used
 *        │ unknown                         └── revoked ──▶ refused
 *        ├── the sources have answered a moment ago: unknown
 *        └── one lookup of the budget, shared by all who wait ──▶ good, unknown, or not to be said now
 *
 * A made-up key reads manifests within the budget, and never a ruleset; nor does it count as use.
 * "Unknown" is said only when the sources settle it: a client that gets 401 may give up for good.
 */
import { createHash } from 'node:crypto';
import { HoldfastError } from '../../core/errors.js';
import { within } from '../../core/within.js';
import type { Keys, KnownKey } from '../../replica/rulesets.js';
import { parseVersion } from '../../ruleset/version.js';
import type { CopiedKey } from '../format/manifest.js';
import type { Candidates } from './candidates.js';
import type { EnvironmentCopy } from './environment-copy.js';
import type { LookupBudget } from './lookup-budget.js';
import { FRESH_MS, LOAD_MS, PATIENCE_MS } from './times.js';

/** The collaborators of a key finder. */
export interface KeyFinderParts {
  /** The environment, if it is in memory. */
  readonly loaded: (environment: bigint) => EnvironmentCopy | undefined;
  /** Counts a use of an environment in memory, and refreshes it when that is due. */
  readonly use: (environment: bigint) => Promise<unknown>;
  readonly candidates: Candidates;
  readonly budget: LookupBudget;
  /** Good keys count for this long after the sources were asked, milliseconds. */
  readonly trust: number;
}

/** Finds the keys of all environments that sources have. */
export class KeyFinder implements Keys {
  readonly #parts: KeyFinderParts;

  constructor(parts: KeyFinderParts) {
    this.#parts = parts;
  }

  /**
   * @throws HoldfastError `store_unavailable` when the sources do not settle it; `busy` when too
   *   many unknown keys are looked up
   */
  async find(text: string): Promise<KnownKey | undefined> {
    const environment = environmentOf(text);
    if (environment === undefined) return undefined;
    const hash = createHash('sha256').update(text).digest('hex');
    const loaded = this.#parts.loaded(environment);
    const key =
      loaded === undefined ? await this.#amongCandidates(environment, hash) : await this.#in(loaded, hash);
    return key && { ...key, environment };
  }

  async #in(copy: EnvironmentCopy, hash: string): Promise<CopiedKey | undefined> {
    const key = copy.key(hash);
    if (key === undefined) return this.#lookUp(copy, hash, PATIENCE_MS);
    // It may have been revoked since.
    if (key.revokedAt === undefined) await this.#parts.use(copy.environment);
    return copy.key(hash);
  }

  async #amongCandidates(environment: bigint, hash: string): Promise<CopiedKey | undefined> {
    const { candidates, trust } = this.#parts;
    const copy = candidates.get(environment);
    try {
      await copy.restoreKeys();
      const key = copy.key(hash);
      if (key === undefined) return await this.#lookUp(copy, hash, LOAD_MS);
      if (key.revokedAt === undefined && copy.askedAgo > trust) await within(PATIENCE_MS, copy.ask(true));
      return copy.key(hash);
    } finally {
      candidates.settle(copy);
    }
  }

  async #lookUp(copy: EnvironmentCopy, hash: string, patience: number): Promise<CopiedKey | undefined> {
    if (!copy.isAsking) {
      if (copy.askedAgo < FRESH_MS && copy.isConclusive) return undefined;
      const lookup = this.#parts.budget.begin();
      if (lookup === undefined) throw tooManyLookups();
      void copy.ask(false).then(() => lookup.end(isGood(copy.key(hash))));
    }
    await within(patience, copy.ask(false));
    const key = copy.key(hash);
    if (key === undefined && (copy.isAsking || !copy.isConclusive)) {
      throw unavailable('the API key is not known here, and the sources cannot say now whether it exists');
    }
    return key;
  }
}

/** The error of a belt server whose sources do not give what a request needs. */
export function unavailable(problem: string): HoldfastError {
  return new HoldfastError('store_unavailable', `${problem}: try again, or ask another server`);
}

function tooManyLookups(): HoldfastError {
  return new HoldfastError(
    'busy',
    'the API key is not known here, and too many unknown ones are looked up at the moment: try again, or ask another server',
  );
}

function isGood(key: CopiedKey | undefined): boolean {
  return key !== undefined && key.revokedAt === undefined;
}

/**
 * The environment that a key says it is of: `<random>-P<project>-E<environment>-SDK-<random>`, as
 * keys/issue-key.ts makes them.
 */
function environmentOf(text: string): bigint | undefined {
  const match = /^[^-]+-P\d+-E(\d+)-(?:SDK|CLIENT)-[^-]+$/.exec(text);
  return parseVersion(match?.[1]);
}
