/**
 * Promoting: the configs of one environment as a change of another. Rows of the one become rows of
 * the other, and segments that the configs need come with them. Pure.
 */
import type { Steps } from '../core/steps.js';
import { HoldfastError } from '../core/errors.js';
import { decodeConfig, type EncodedConfig } from '../ruleset/codec.js';
import { quote } from '../ruleset/fields.js';
import type { Config } from '../ruleset/model.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import { referencesOf } from '../ruleset/segments.js';
import type { SubmittedConfig } from '../ruleset/submitted.js';

/** What is to be promoted. */
export interface PromoteSelection {
  /** The configs to promote; `undefined`: all. */
  readonly keys?: readonly string[] | undefined;
  /** Delete in the target what the source has not: of `keys`, or of all. */
  readonly deletions: boolean;
}

/**
 * Finds the configs of a promotion, those that are equal in both environments included: the plan
 * leaves them out. Runs in steps.
 *
 * @throws HoldfastError `field_invalid` for a key that the source does not have
 */
export function* promotedSteps(
  source: Ruleset,
  target: Ruleset,
  { keys, deletions }: PromoteSelection,
): Steps<SubmittedConfig[]> {
  const submitted: SubmittedConfig[] = [];
  // A set that grows by the segments of what it has while it is walked through.
  const wanted = new Set(keys ?? liveKeys(source));
  for (const key of wanted) {
    const config = source.get(key);
    if (config === undefined || config.deleted) {
      submitted.push(...deletionOf(key, { source, target, deletions }));
    } else {
      const decoded = decodeConfig(config);
      for (const segment of referencesOf(decoded)) wanted.add(segment.key);
      submitted.push({ config: remapped(decoded, source.environment, target.environment), field: key });
    }
    if (submitted.length % 16 === 0) yield;
  }
  if (keys !== undefined || !deletions) return submitted;
  for (const key of liveKeys(target)) {
    if (!wanted.has(key)) submitted.push({ config: { key, configType: 'DELETED' }, field: key });
  }
  return submitted;
}

function liveKeys(ruleset: Ruleset): string[] {
  return ruleset.delta(0n).flatMap(({ key, deleted }: EncodedConfig) => (deleted ? [] : [key]));
}

function deletionOf(
  key: string,
  { source, target, deletions }: { source: Ruleset; target: Ruleset; deletions: boolean },
): SubmittedConfig[] {
  const there = target.get(key);
  const isThere = there !== undefined && !there.deleted;
  if (deletions && isThere) return [{ config: { key, configType: 'DELETED' }, field: key }];
  const rule = isThere
    ? `set deletions to delete it in environment ${target.environment} too, or leave it out`
    : 'leave it out';
  throw new HoldfastError(
    'field_invalid',
    `keys has ${quote(key)}, which environment ${source.environment} does not have: ${rule}`,
    { field: 'keys' },
  );
}

/** A config as the other environment would have it. Rows of third environments stay behind. */
function remapped(config: Config, from: bigint, to: bigint): Config {
  const rows = config.rows?.flatMap((row) => {
    if (row.projectEnvId === undefined || row.projectEnvId === '0') return [row];
    return row.projectEnvId === `${from}` ? [{ ...row, projectEnvId: `${to}` }] : [];
  });
  const promoted: Config = { ...config, id: '0', ...(rows === undefined ? {} : { rows }) };
  delete promoted.projectId;
  return promoted;
}
