/**
 * Changes whose configs depend on the environment that they change: rollbacks and promotions. They
 * are made again when another change was first, unless the caller named a version.
 */
import { HoldfastError } from '../core/errors.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { SubmittedConfig } from '../ruleset/submitted.js';
import type { Attribution } from '../store/history.js';
import { confirmedRuleset, MAX_ATTEMPTS, tooBusy, type CommitParts } from './confirmed.js';
import type { ChangePreview, CommitAnswer, Committer } from './committer.js';

/** A change to be made or shown. */
export interface RevisionRequest {
  readonly environment: bigint;
  readonly by: Attribution;
  /** Commit only at this version (`If-Match`). */
  readonly ifVersion?: bigint | undefined;
  /** Show the change, and do not make it. */
  readonly dryRun: boolean;
  /** See `PlanOptions.isTrusted`. */
  readonly isTrusted: boolean;
  /** Makes the configs for the environment as it is; none when nothing is to be changed. */
  readonly configs: (ruleset: Ruleset) => Promise<readonly SubmittedConfig[]>;
}

/** The outcome of a revision. */
export type Revision =
  | { readonly kind: 'committed'; readonly answer: CommitAnswer }
  | { readonly kind: 'previewed'; readonly preview: ChangePreview };

/** Makes or shows a change. @throws HoldfastError as `Committer.commit`, and what `configs` throws */
export async function revise(
  parts: CommitParts & { readonly committer: Pick<Committer, 'commit' | 'preview'> },
  { environment, by, ifVersion, dryRun, isTrusted, configs }: RevisionRequest,
): Promise<Revision> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const ruleset = await confirmedRuleset(parts, environment);
    const { version } = ruleset;
    const submitted = await configs(ruleset);
    const request = { environment, by, isTrusted, configs: submitted, ifVersion: ifVersion ?? version };
    try {
      if (submitted.length === 0) return unchanged(version, dryRun);
      if (dryRun) return { kind: 'previewed', preview: await parts.committer.preview(request) };
      return { kind: 'committed', answer: await parts.committer.commit(request) };
    } catch (error) {
      const isOvertaken = error instanceof HoldfastError && error.code === 'version_mismatch';
      if (!isOvertaken || ifVersion !== undefined) throw error;
    }
  }
  throw tooBusy(environment);
}

function unchanged(version: bigint, dryRun: boolean): Revision {
  return dryRun
    ? { kind: 'previewed', preview: { version, before: [], after: [], absent: [] } }
    : {
        kind: 'committed',
        answer: { previous: `${version}`, version: `${version}`, configs: [], unchanged: true },
      };
}
