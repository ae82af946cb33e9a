/**
 * The differences between two states of configs, as lines that a person reads: in the history, in
 * dry runs, in plans. Only what changed is said.
 *
 *     ~ value type: bool → string            changed
 *     + rule 2: when in segment beta then true    added
 *     - rule 3: when user.plan is gold then true  removed
 */
import { isDeepStrictEqual } from 'node:util';
import { runSteps, type Steps } from '../core/steps.js';
import type { Config, ConfigRow } from '../ruleset/model.js';
import { configTypeWords, descriptionOf, describeConfig, valueTypeWords } from './configs.js';
import { detailDifferences } from './details.js';
import { ruleDifferences } from './rule-differences.js';
import { shorten } from './values.js';

/** Lines of one config at most. */
const MOST_LINES = 200;

/** The difference of one config. */
export interface ConfigDifference {
  readonly key: string;
  readonly kind: 'added' | 'changed' | 'deleted';
  /** One difference each; no control characters in words of Holdfast, but perhaps in the user's. */
  readonly lines: readonly string[];
}

/**
 * Compares two states of some configs, by key. Ids and projects are not compared. A config that is
 * absent or a tombstone does not exist. The result is in the order of keys.
 */
export function differences(before: Iterable<Config>, after: Iterable<Config>): ConfigDifference[] {
  return runSteps(differenceSteps(before, after));
}

/** Compares two states in steps, a config in each; see {@link differences}. */
export function* differenceSteps(
  before: Iterable<Config>,
  after: Iterable<Config>,
): Steps<ConfigDifference[]> {
  const [old, present] = [byKey(before), byKey(after)];
  const found: ConfigDifference[] = [];
  for (const key of [...new Set([...old.keys(), ...present.keys()])].sort()) {
    const difference = configDifference(key, old.get(key), present.get(key));
    if (difference !== undefined) found.push(difference);
    yield;
  }
  return found;
}

function byKey(configs: Iterable<Config>): Map<string, Config> {
  const map = new Map<string, Config>();
  for (const config of configs) if (config.configType !== 'DELETED') map.set(config.key ?? '', config);
  return map;
}

/** True when two configs say the same: everything but id and project is equal. */
export function sameContent(a: Config, b: Config): boolean {
  return isDeepStrictEqual(contentOf(a), contentOf(b));
}

function contentOf(config: Config): Config {
  const content = { ...config };
  delete content.id;
  delete content.projectId;
  return content;
}

function configDifference(
  key: string,
  before: Config | undefined,
  after: Config | undefined,
): ConfigDifference | undefined {
  if (before === undefined) {
    return after && { key, kind: 'added', lines: linesOf(after).map((line) => `+ ${line}`) };
  }
  if (after === undefined) return { key, kind: 'deleted', lines: linesOf(before).map((line) => `- ${line}`) };
  if (sameContent(before, after)) return undefined;
  const lines = [...headDifferences(before, after), ...rowDifferences(before, after)];
  const details = detailDifferences(contentOf(before), contentOf(after), lines.length > 0);
  const all = [...lines, ...details];
  const more = all.length - MOST_LINES;
  if (more > 0) all.splice(MOST_LINES, more, `~ … and ${more} more differences`);
  return { key, kind: 'changed', lines: all.length > 0 ? all : ['~ a confidential detail'] };
}

/** A new or removed config has at most one row of an environment, and that is the one. */
function linesOf(config: Config): string[] {
  const own = config.rows?.find(({ projectEnvId }) => projectEnvId !== undefined);
  return describeConfig(config, own?.projectEnvId ?? '');
}

function headDifferences(before: Config, after: Config): string[] {
  const lines: string[] = [];
  const compare = (name: string, old: string, present: string) => {
    if (old !== present) lines.push(`~ ${name}: ${old} → ${present}`);
  };
  const visible = (config: Config) => (config.sendToClientSdk === true ? 'yes' : 'no');
  compare('type', typeOf(before), typeOf(after));
  compare('value type', valueTypeOf(before), valueTypeOf(after));
  compare('sent to client-side SDKs', visible(before), visible(after));
  const [old, present] = [descriptionOf(before), descriptionOf(after)];
  if (old !== undefined && present === undefined) lines.push(`- description: ${shorten(old, 200)}`);
  if (present !== undefined && old === undefined) lines.push(`+ description: ${shorten(present, 200)}`);
  if (present !== undefined && old !== undefined)
    compare('description', shorten(old, 200), shorten(present, 200));
  return lines;
}

function typeOf({ configType = '' }: Config): string {
  return configTypeWords[configType] ?? configType;
}

function valueTypeOf({ valueType }: Config): string {
  return valueType === undefined ? 'any' : (valueTypeWords[valueType] ?? valueType);
}

/** The rows of an environment and the default rows are compared with each other. */
function rowDifferences(before: Config, after: Config): string[] {
  const [old, present] = [rowsOf(before), rowsOf(after)];
  const environments = [...new Set([...old.keys(), ...present.keys()])];
  const several = environments.length > 1;
  return environments.flatMap((environment) => {
    const where = environment === undefined ? ' in the default row' : several ? ' of the environment' : '';
    return ruleDifferences(
      old.get(environment)?.values ?? [],
      present.get(environment)?.values ?? [],
      several || environment === undefined ? where : '',
    );
  });
}

function rowsOf({ rows = [] }: Config): Map<string | undefined, ConfigRow> {
  return new Map(rows.map((row) => [row.projectEnvId, row]));
}
