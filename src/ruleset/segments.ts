/**
 * Segments: boolean configs that criteria of other configs refer to by key.
 *
 * A missing segment makes the python SDK raise, one that is no boolean counts as "not in", and a
 * cycle never ends. A ruleset is free of all three before each change, so only a change can
 * introduce them: by references of changed configs, and by removing a segment that other configs
 * refer to.
 */
import { runSteps, type Steps } from '../core/steps.js';
import { HoldfastError } from '../core/errors.js';
import { decodeConfig, type EncodedConfig } from './codec.js';
import { quote, refusalOf } from './fields.js';
import type { Config, ConfigValue } from './model.js';
import { kindOf } from './values.js';

/** A ruleset as it will be after the change. */
export interface RulesetView {
  get(key: string): EncodedConfig | undefined;
  configs(): Iterable<EncodedConfig>;
  /**
   * The configs that may refer to one of these segments; without any, to some segment. `undefined`
   * is a step. Absent where all configs are to be looked at.
   */
  users?(segments: Iterable<string> | undefined): Iterable<EncodedConfig | undefined>;
}

/** One config of a change. */
export interface ChangedConfig {
  readonly encoded: EncodedConfig;
  /** The path in the request: `configs[3]`. */
  readonly field: string;
  /** The config of that key before the change. */
  readonly before: EncodedConfig | undefined;
}

/** One use of a segment. */
export interface Reference {
  /** The segment's key. */
  readonly key: string;
  /** The path of the criterion's value inside the config. */
  readonly path: string;
}

interface Facts {
  readonly references: readonly Reference[];
  /** True when every value is a boolean, or is converted to one by the SDK. */
  readonly boolean: boolean;
}

/**
 * Encoded configs never change, so facts stay true; with a long-lived ruleset each config is
 * decoded once.
 */
const known = new WeakMap<EncodedConfig, Facts>();

/**
 * Up to this many lost segments are searched for as bytes (3 ms in 10,000 configs); for more,
 * everything is decoded (70 ms).
 */
const SEARCHED_KEYS = 8;

/** The number of users of a lost segment that an error names. */
const NAMED_USERS = 3;

/**
 * Checks the references to segments after a change.
 *
 * @throws HoldfastError the first of `segmentProblems`
 */
export function checkSegments(after: RulesetView, changed: readonly ChangedConfig[]): void {
  runSteps(segmentSteps(after, changed));
}

/** Checks the references to segments in steps; see {@link checkSegments}. */
export function* segmentSteps(after: RulesetView, changed: readonly ChangedConfig[]): Steps<void> {
  for (const problem of segmentProblems(after, changed)) {
    if (problem !== undefined) throw problem.error;
    yield;
  }
}

/** A config that a change cannot have, and why. */
export interface SegmentProblem {
  readonly config: ChangedConfig;
  readonly error: HoldfastError;
}

/**
 * Finds the configs of a change that break the rules of segments: `segment_missing` for a reference
 * to a config that is missing, deleted or no boolean, and for one that removes a segment that a
 * config uses; `segment_circular`. Lazy: the caller may take a config out of `after` before it asks
 * for the next problem. Of each cycle one config is found. `undefined` is a step without a problem.
 */
export function* segmentProblems(
  after: RulesetView,
  changed: readonly ChangedConfig[],
): Generator<SegmentProblem | undefined, void, void> {
  for (const config of changed) {
    const error = targetProblem(after, config);
    yield error && { config, error };
  }
  yield* userProblems(after, changed);
  const finished = new Set<string>();
  for (const config of changed) {
    yield undefined;
    const cycle = findCycle(after, config.encoded.key, finished);
    if (cycle === undefined) continue;
    const names = cycle.map(quote).join(' → ');
    const rule = `makes segments refer to each other in a cycle: ${names}; remove one of these references.`;
    yield { config, error: refusalOf(config.field, rule, 'segment_circular') };
  }
}

function targetProblem(after: RulesetView, { encoded, field }: ChangedConfig): HoldfastError | undefined {
  for (const { key, path } of factsOf(encoded).references) {
    const target = after.get(key);
    const at = `${field}.${path}`;
    if (target === undefined || target.deleted) {
      const state = target === undefined ? 'does not exist' : 'is deleted';
      const remedy = 'add it before, or in the same change.';
      return refusalOf(at, `names the segment ${quote(key)}, which ${state}; ${remedy}`, 'segment_missing');
    }
    if (!factsOf(target).boolean) {
      const rule = `names the segment ${quote(key)}, which has values that are not boolean; a segment must be of value type BOOL.`;
      return refusalOf(at, rule, 'segment_missing');
    }
  }
  return undefined;
}

/**
 * Finds removed segments that an unchanged config uses. `targetProblem` looks at the changed
 * configs.
 */
function* userProblems(
  after: RulesetView,
  changed: readonly ChangedConfig[],
): Generator<SegmentProblem | undefined, void, void> {
  const lost = new Map<string, ChangedConfig>();
  for (const config of changed) {
    const { before, encoded } = config;
    if (before !== undefined && isSegment(before) && !isSegment(encoded)) lost.set(encoded.key, config);
    yield undefined;
  }
  if (lost.size === 0) return;
  const users = new Map<string, { named: string[]; total: number }>();
  for (const user of usersOf(after, lost)) {
    for (const key of user?.segments ?? []) {
      const known = users.get(key) ?? { named: [], total: 0 };
      if (user !== undefined && known.total++ < NAMED_USERS) known.named.push(user.config.key);
      users.set(key, known);
    }
    yield undefined;
  }
  for (const [key, { named, total }] of users) {
    const config = lost.get(key);
    if (config === undefined) continue;
    const more = total > NAMED_USERS ? ` and ${total - NAMED_USERS} more` : '';
    const state = config.encoded.deleted ? 'is deleted' : 'becomes something else than a boolean';
    const message = `${config.field}: the segment ${quote(key)} ${state} but is used by ${named.map(quote).join(', ')}${more}; remove these references before, or in the same change.`;
    yield { config, error: new HoldfastError('segment_missing', message, { field: config.field }) };
  }
}

/** A config that refers to segments, and their keys. */
export interface SegmentUser {
  readonly config: EncodedConfig;
  readonly segments: ReadonlySet<string>;
}

/** The number of configs without a reference that are looked at in one step. */
const LOOKED_AT = 32;

/**
 * Finds the configs that refer to one of these keys; without keys, all that refer to any.
 * `undefined` is a step without one.
 */
export function* usersOf(
  view: RulesetView,
  keys?: ReadonlySet<string> | ReadonlyMap<string, unknown>,
): Generator<SegmentUser | undefined, void, void> {
  const needles =
    keys === undefined || keys.size > SEARCHED_KEYS ? [] : [...keys.keys()].map((key) => Buffer.from(key));
  let passed = 0;
  for (const config of view.users?.(keys?.keys()) ?? view.configs()) {
    if (config === undefined) {
      yield undefined;
      continue;
    }
    const references = mayContain(config, needles)
      ? factsOf(config).references.filter(({ key }) => keys?.has(key) ?? true)
      : [];
    if (references.length > 0) yield { config, segments: new Set(references.map(({ key }) => key)) };
    else if (++passed % LOOKED_AT === 0) yield undefined;
  }
}

/** False for a config that certainly has none of these byte strings in it. */
function mayContain({ bytes }: EncodedConfig, needles: readonly Buffer[]): boolean {
  if (needles.length === 0) return true;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return needles.some((needle) => view.includes(needle));
}

/**
 * The cycle that can be reached from a config, first key repeated at the end. Depth first with its
 * own stack, because a chain of segments can be as long as the ruleset.
 *
 * @param finished keys from which no further cycle need be looked for; found ones are added
 */
function findCycle(after: RulesetView, start: string, finished: Set<string>): string[] | undefined {
  const path: { key: string; next: string[] }[] = [];
  const onPath = new Set<string>();
  let key: string | undefined = start;
  for (;;) {
    if (key !== undefined && onPath.has(key)) {
      const keys = path.map((step) => step.key);
      for (const each of keys) finished.add(each);
      return [...keys.slice(keys.indexOf(key)), key];
    }
    if (key !== undefined && !finished.has(key)) {
      const config = after.get(key);
      path.push({
        key,
        next: config === undefined ? [] : factsOf(config).references.map((each) => each.key),
      });
      onPath.add(key);
    }
    const step = path.at(-1);
    if (step === undefined) return undefined;
    key = step.next.pop();
    if (key === undefined) {
      path.pop();
      onPath.delete(step.key);
      finished.add(step.key);
    }
  }
}

/** A criterion's operator in an encoded config: the tag of its field, and IN_SEG or NOT_IN_SEG. */
const REFERENCE_MARKS = [Buffer.from([0x10, 3]), Buffer.from([0x10, 4])];

/** The keys of the segments that a config refers to. */
export function segmentsOf(config: EncodedConfig): string[] {
  // Few configs have one, and a search in bytes costs a hundredth of decoding them.
  if (!mayContain(config, REFERENCE_MARKS)) return [];
  return [...new Set(factsOf(config).references.map(({ key }) => key))];
}

/** True when other configs may refer to it. */
export function isSegment(config: EncodedConfig): boolean {
  return !config.deleted && factsOf(config).boolean;
}

function factsOf(encoded: EncodedConfig): Facts {
  const present = known.get(encoded);
  if (present !== undefined) return present;
  const config = decodeConfig(encoded);
  const facts = { references: referencesOf(config), boolean: isBoolean(config) };
  known.set(encoded, facts);
  return facts;
}

/** Every use of a segment in a config's rules, in their order. */
export function referencesOf(config: Config): Reference[] {
  const references: Reference[] = [];
  config.rows?.forEach((row, rowIndex) =>
    row.values?.forEach((conditional, valueIndex) =>
      conditional.criteria?.forEach(({ operator, valueToMatch }, index) => {
        if (operator !== 'IN_SEG' && operator !== 'NOT_IN_SEG') return;
        const path = `rows[${rowIndex}].values[${valueIndex}].criteria[${index}].valueToMatch.string`;
        references.push({ key: valueToMatch?.string ?? '', path });
      }),
    ),
  );
  return references;
}

function isBoolean(config: Config): boolean {
  if (config.valueType !== undefined) return config.valueType === 'BOOL';
  const values = (config.rows ?? []).flatMap((row) => (row.values ?? []).map((each) => each.value));
  return values.every(isBooleanValue);
}

function isBooleanValue(value: ConfigValue | undefined): boolean {
  if (value?.weightedValues !== undefined) {
    return (value.weightedValues.weightedValues ?? []).every((variant) => isBooleanValue(variant.value));
  }
  return value !== undefined && kindOf(value) === 'bool';
}
