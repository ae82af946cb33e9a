/**
 * Segments of a file with kept ids, where the file is cut into several changes. Ids must grow from
 * change to change, and a segment that was edited last has a high one, so it would come after the
 * configs that use it. It is committed twice then: first with them, under an id that is still free
 * below those of the file, and at its place under its own. Pure.
 *
 *     file, by id    flag.a 11 (in s)   flag.b 12   |cut|   s 13
 *     committed      s 1   |   flag.a 11   flag.b 12   |   s 13
 */
import { HoldfastError } from '../core/errors.js';
import type { Config } from '../ruleset/model.js';
import { segmentKeysOf, segmentsFirst } from './segment-order.js';

/** The environment that a file with kept ids is committed into. */
export interface ImportTarget {
  readonly version: bigint;
  /** The keys of the segments that it has. */
  readonly segments: ReadonlySet<string>;
}

/** An environment without any config. */
export const EMPTY_TARGET: ImportTarget = { version: 0n, segments: new Set() };

/**
 * Returns the segments that have to be committed before anything else, with the ids for that.
 *
 * @param chunks the changes that the file is cut into, in their order
 * @throws HoldfastError `segment_missing` when there are not so many ids below those of the file
 */
export function earlySegments(chunks: readonly (readonly Config[])[], target: ImportTarget): Config[] {
  const place = new Map(chunks.flatMap((chunk, i) => chunk.map((config) => [config.key ?? '', i] as const)));
  const late = new Set<string>();
  for (const [i, chunk] of chunks.entries()) {
    for (const config of chunk) {
      for (const key of segmentKeysOf(config)) {
        if ((place.get(key) ?? i) > i && !target.segments.has(key)) late.add(key);
      }
    }
  }
  if (late.size === 0) return [];
  const all = chunks.flat();
  const early = segmentsFirst(withNeeded(late, all, target));
  const lowest = all.reduce<bigint | undefined>((least, { id = '0' }) => {
    const each = BigInt(id);
    return each > target.version && (least === undefined || each < least) ? each : least;
  }, undefined);
  if (lowest !== undefined && lowest - target.version <= BigInt(early.length)) refuse([...late][0] ?? '');
  return early.map((config, i) => ({ ...config, id: `${target.version + BigInt(i + 1)}` }));
}

/** Those segments, and the ones that they use themselves and that are not there yet. */
function withNeeded(late: ReadonlySet<string>, all: readonly Config[], { segments }: ImportTarget): Config[] {
  const byKey = new Map(all.map((config) => [config.key ?? '', config]));
  const needed = new Set(late);
  // A set is walked in the order of insertion, those that are added on the way included.
  for (const key of needed) {
    const config = byKey.get(key);
    if (config === undefined) continue;
    for (const each of segmentKeysOf(config)) if (byKey.has(each) && !segments.has(each)) needed.add(each);
  }
  return [...needed].flatMap((key) => byKey.get(key) ?? []);
}

function refuse(key: string): never {
  throw new HoldfastError(
    'segment_missing',
    `The file is too large for one change, by their ids the segment ${JSON.stringify(key)} comes after a config that uses it, and no id below those of the file is free to commit it earlier. Import without --keep-ids.`,
  );
}
