/** Changes as people and programs read them: the history, and changes that are shown before they are made. */
import { z } from 'zod';
import type { ChangePreview } from '../../commit/committer.js';
import { mapSteps, runInTurns, type Steps } from '../../core/steps.js';
import { decodeConfig, type EncodedConfig } from '../../ruleset/codec.js';
import { differenceSteps, type ConfigDifference } from '../../words/differences.js';
import { idText } from './input.js';

/** The configs of a change that an answer shows, and the bytes of them, at most. */
const SHOWN = { configs: 1_000, bytes: 1024 * 1024 };

const configJson = z
  .looseObject({ key: z.string(), id: z.string().optional() })
  .meta({ description: 'Proto3-JSON of a Config.' });

/** A config that a change adds, changes or deletes. */
export const differenceAnswer = z
  .object({
    key: z.string(),
    kind: z.enum(['added', 'changed', 'deleted']),
    lines: z.array(z.string()).readonly().meta({ description: 'The difference in words.' }),
    before: configJson.optional(),
    after: configJson.optional(),
  })
  .meta({ id: 'ConfigDifference' });

/** A change that was shown and not made. */
export const previewAnswer = z
  .object({
    dryRun: z.literal(true),
    version: idText.meta({ description: 'The version that it would be made at.' }),
    unchanged: z.literal(true).optional(),
    configs: z.array(differenceAnswer),
    more: z.int().optional().meta({ description: 'Changed configs that are not shown.' }),
    absent: z.array(z.string()).readonly().optional(),
  })
  .meta({ id: 'Preview' });

/** Builds the answer of a change that is shown and not made. */
export async function previewJson({
  version,
  before,
  after,
  absent,
}: ChangePreview): Promise<z.input<typeof previewAnswer>> {
  return {
    dryRun: true,
    version: `${version}`,
    ...(after.length === 0 ? { unchanged: true } : {}),
    ...(await differencesJson(before, after)),
    ...(absent.length === 0 ? {} : { absent }),
  };
}

/**
 * Compares the configs of a change in slices of turns.
 *
 * @param most the configs that are shown at most
 */
export function differencesJson(
  before: readonly EncodedConfig[],
  after: readonly EncodedConfig[],
  most: number = SHOWN.configs,
): Promise<DifferencesJson> {
  return runInTurns(differencesJsonSteps(before, after, most));
}

interface DifferencesJson {
  readonly configs: z.input<typeof differenceAnswer>[];
  readonly more?: number;
}

/** The configs that are read in one step. */
const STEP = 32;

function* differencesJsonSteps(
  before: readonly EncodedConfig[],
  after: readonly EncodedConfig[],
  most: number,
): Steps<DifferencesJson> {
  const old = new Map(before.map((config) => [config.key, config]));
  yield;
  const shown = firstOf(old, after, most);
  const encoded = shown.flatMap(({ key }) => old.get(key) ?? []);
  const previous = yield* mapSteps(encoded, decodeConfig, STEP);
  const present = yield* mapSteps(shown, decodeConfig, STEP);
  const found = yield* differenceSteps(previous, present);
  const [byKey, nextByKey] = [previous, present].map(
    (configs) => new Map(configs.map((each) => [each.key, each])),
  );
  const configs = found.map(({ key, kind, lines }: ConfigDifference) => {
    const [was, is] = [byKey?.get(key), nextByKey?.get(key)];
    return {
      key,
      kind,
      lines,
      ...(kind === 'added' || was === undefined ? {} : { before: { ...was, key } }),
      ...(kind === 'deleted' || is === undefined ? {} : { after: { ...is, key } }),
    };
  });
  const more = after.length - shown.length;
  return { configs, ...(more === 0 ? {} : { more }) };
}

/** The first configs, as many as an answer can show. */
function firstOf(
  before: ReadonlyMap<string, EncodedConfig>,
  after: readonly EncodedConfig[],
  most: number,
): EncodedConfig[] {
  let bytes = 0;
  let count = 0;
  for (const config of after) {
    bytes += config.bytes.length + (before.get(config.key)?.bytes.length ?? 0);
    if (count >= most || (count > 0 && bytes > SHOWN.bytes)) break;
    count++;
  }
  return after.slice(0, count);
}
