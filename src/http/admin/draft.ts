/** Evaluation of a change that was not made: its configs, and what they need of the ruleset. */
import type { CommitRequest } from '../../commit/committer.js';
import { runInTurns } from '../../core/steps.js';
import { Evaluator } from '../../evaluate/evaluator.js';
import { unknownEnvironment } from '../../replica/missing.js';
import { decodeConfig, type EncodedConfig } from '../../ruleset/codec.js';
import { Ruleset } from '../../ruleset/ruleset.js';
import { referencesOf } from '../../ruleset/segments.js';
import { submittedJsonSteps } from '../../ruleset/submitted.js';
import type { AdminParts } from './parts.js';

/** A change that is evaluated, and not made. */
export interface Draft {
  readonly environment: bigint;
  readonly by: CommitRequest['by'];
  /** Proto3-JSON of configs. */
  readonly configs: readonly unknown[];
  /** The keys to evaluate; `undefined`: those of the change. */
  readonly keys: readonly string[] | undefined;
}

/**
 * Builds an evaluator of the ruleset as it would be after a change. It has the configs that are
 * asked for and the segments that they need, so its cost is theirs and not that of the environment.
 *
 * @throws HoldfastError as the change itself would be refused
 */
export async function draftEvaluator(
  { committer, replica }: Pick<AdminParts, 'committer' | 'replica'>,
  { environment, by, configs: submitted, keys }: Draft,
): Promise<{ evaluator: Evaluator; keys: readonly string[] }> {
  const configs = await runInTurns(submittedJsonSteps({ configs: submitted }));
  const preview = await committer.preview({ environment, by, configs, ifVersion: undefined });
  const current = await replica.confirmed(environment);
  if (current === undefined) throw unknownEnvironment(environment);
  const { ruleset } = current;
  const changed = new Map(preview.after.map((config) => [config.key, config]));
  const asked = keys ?? configs.map(({ config }) => config.key ?? '');
  const evaluator = new Evaluator(
    await Ruleset.load({
      environment,
      version: preview.version,
      at: ruleset.committedAt,
      envelope: ruleset.envelope,
      configs: closure(asked, (key) => changed.get(key) ?? ruleset.get(key)),
    }),
  );
  return { evaluator, keys: asked };
}

/** The configs of these keys, with the segments that they refer to, and those that these do. */
function closure(
  keys: readonly string[],
  find: (key: string) => EncodedConfig | undefined,
): readonly EncodedConfig[] {
  const found: EncodedConfig[] = [];
  // A set that grows by what its members refer to while it is walked through.
  const wanted = new Set(keys);
  for (const key of wanted) {
    const config = find(key);
    if (config === undefined) continue;
    found.push(config);
    if (!config.deleted)
      for (const reference of referencesOf(decodeConfig(config))) wanted.add(reference.key);
  }
  return found;
}
