/** Configs as a person reads them. */
import type { ConditionalValue, Config, ConfigRow, Criterion } from '../ruleset/model.js';
import { describeCriterion } from './criterion.js';
import { writeName, writeText } from './literals.js';
import { describeValue, isConfidential, shorten } from './values.js';

/** The length of a value in a rule. */
const LONGEST_VALUE = 160;
/** Entries of a list in a condition that are shown. */
const SHOWN_ENTRIES = 12;
const LONGEST_CONDITION = 400;

/** The names of config types in words. */
export const configTypeWords: Readonly<Partial<Record<string, string>>> = {
  FEATURE_FLAG: 'flag',
  CONFIG: 'config',
  SEGMENT: 'segment',
  LOG_LEVEL: 'log level',
  LOG_LEVEL_V2: 'log level (v2)',
  LIMIT_DEFINITION: 'limit',
  SCHEMA: 'schema',
  DELETED: 'deleted',
};

/** The names of value types in words, as `--type` of the command line takes them. */
export const valueTypeWords: Readonly<Partial<Record<string, string>>> = {
  BOOL: 'bool',
  INT: 'int',
  DOUBLE: 'double',
  STRING: 'string',
  JSON: 'json',
  DURATION: 'duration',
  LOG_LEVEL: 'log-level',
  STRING_LIST: 'string-list',
  BYTES: 'bytes',
  INT_RANGE: 'int-range',
  LIMIT_DEFINITION: 'limit',
};

/**
 * Describes a config in lines: the type, then a line for each rule in the order in which they are
 * tried in that environment.
 *
 * @param environment decimal; rows of other environments are left out
 */
export function describeConfig(config: Config, environment: string): string[] {
  if (config.configType === 'DELETED') return ['deleted'];
  const description = descriptionOf(config);
  const lines = [
    describeHead(config),
    ...(description === undefined ? [] : [shorten(description, LONGEST_CONDITION)]),
  ];
  const conditionals = rowsFor(config, environment).flatMap((row) => row.values ?? []);
  for (const [index, conditional] of conditionals.entries()) {
    lines.push(describeRule(conditional, index === 0));
    // Nothing after it is tried.
    if ((conditional.criteria ?? []).length === 0) break;
  }
  return lines;
}

/** Describes a config on one line, for lists: `2 rules, else true`. */
export function summarizeConfig(config: Config, environment: string): string {
  const values = rowsFor(config, environment).flatMap((row) => row.values ?? []);
  const last = values.findIndex(({ criteria = [] }) => criteria.length === 0);
  const otherwise = last === -1 ? undefined : describeValue(values[last]?.value);
  const rules = last === -1 ? values.length : last;
  if (rules === 0) return otherwise ?? 'no value';
  return `${rules} ${rules === 1 ? 'rule' : 'rules'}, else ${otherwise ?? 'no value'}`;
}

/** `flag of type bool, sent to client-side SDKs`. */
function describeHead({ configType = '', valueType, sendToClientSdk }: Config): string {
  const type = configTypeWords[configType] ?? (configType === '' ? 'config without a type' : configType);
  const values = valueType === undefined ? '' : ` of type ${valueTypeWords[valueType] ?? valueType}`;
  return `${type}${values}${sendToClientSdk === true ? ', sent to client-side SDKs' : ''}`;
}

/**
 * The description of a config: the text property `description` of its first row. The data model has
 * no field for it.
 */
export function descriptionOf({ rows }: Config): string | undefined {
  const properties = rows?.[0]?.properties;
  if (properties === undefined || !Object.hasOwn(properties, 'description')) return undefined;
  return properties.description?.string;
}

/** The rows that count in an environment: its own, then the default row. */
function rowsFor({ rows = [] }: Config, environment: string): ConfigRow[] {
  return [
    ...rows.filter(({ projectEnvId }) => projectEnvId === environment),
    ...rows.filter(({ projectEnvId }) => projectEnvId === undefined),
  ];
}

/**
 * A rule in words: `when user.email ends with @acme.com then true`. Long lists and values are cut.
 *
 * @param isFirst true when no rule is tried before it
 */
export function describeRule({ criteria = [], value }: ConditionalValue, isFirst = false): string {
  const result = describeValue(value, LONGEST_VALUE);
  if (criteria.length === 0) return isFirst ? `always ${result}` : `otherwise ${result}`;
  return `when ${describeConditions(criteria)} then ${result}`;
}

/** Criteria in words, joined by `and`. Long lists are cut. */
export function describeConditions(criteria: readonly Criterion[]): string {
  return criteria.map(describeShort).join(' and ');
}

function describeShort(criterion: Criterion): string {
  const { valueToMatch, propertyName = '', operator = '' } = criterion;
  if (valueToMatch !== undefined && isConfidential(valueToMatch)) {
    return `${writeName(propertyName)} ${operator} (confidential)`;
  }
  const values = valueToMatch?.stringList?.values ?? [];
  if (values.length <= SHOWN_ENTRIES) return shorten(describeCriterion(criterion), LONGEST_CONDITION);
  const shown = { ...criterion, valueToMatch: { stringList: { values: values.slice(0, SHOWN_ENTRIES) } } };
  const more = `, … ${values.length - SHOWN_ENTRIES} more]`;
  return shorten(describeCriterion(shown).replace(/\]$/, more), LONGEST_CONDITION);
}

/** Names of list entries, some of them if there are many. */
export function describeEntries(entries: readonly string[]): string {
  const shown = entries.slice(0, SHOWN_ENTRIES).map((entry) => shorten(writeText(entry), LONGEST_VALUE));
  const more = entries.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
