/**
 * Validates a config in its environment: every check that needs nothing but the config. Checks that
 * need the rest of the ruleset are in segments.ts and commit/plan.ts.
 *
 * The standard is the behaviour of the public SDKs. A config is refused when one of them fails on
 * it, or none of them could ever apply it; a rule that merely is of little use passes.
 */
import { checkCriterion } from './criteria.js';
import { member, refuse } from './fields.js';
import type { Config, ConfigRow } from './model.js';
import { checkValue } from './values.js';

/**
 * Keys are part of URLs, log lines and metrics of others; 512 bytes are far beyond any real one.
 */
export const KEY_MAX_BYTES = 512;

/** The destination of a config. */
export interface ConfigLocation {
  readonly environment: bigint;
  readonly projectId: bigint;
  /** The path that errors begin with, such as `configs[3]`. */
  readonly field: string;
}

/**
 * Checks one config.
 *
 * @throws HoldfastError with the code of the rule that is broken, and the field's path
 */
export function validateConfig(config: Config, place: ConfigLocation): void {
  checkHead(config, place);
  const rows = config.rows ?? [];
  const at = member(place.field, 'rows');
  if (config.configType === 'DELETED') {
    if (rows.length > 0) {
      refuse(at, 'must be empty, because configType is DELETED; leave them out.', 'rows_unexpected');
    }
    return;
  }
  if (rows.length === 0) {
    refuse(at, 'must have a row; to delete the config, send configType DELETED.', 'rows_missing');
  }
  checkEnvironments(rows, place);
  const valueType = valueTypeOf(config);
  rows.forEach((row, index) => checkRow(row, valueType, `${at}[${index}]`));
  config.allowableValues?.forEach((value, index) =>
    checkValue(value, valueType, `${member(place.field, 'allowableValues')}[${index}]`),
  );
}

function checkHead(config: Config, { field, projectId }: ConfigLocation): void {
  const { key = '' } = config;
  const at = member(field, 'key');
  if (key === '') refuse(at, 'must not be empty.', 'key_empty');
  if (/\p{Cc}/u.test(key)) refuse(at, 'must not have control characters.');
  const bytes = Buffer.byteLength(key);
  if (bytes > KEY_MAX_BYTES) {
    refuse(at, `must be at most ${KEY_MAX_BYTES} bytes of UTF-8, not ${bytes}.`);
  }
  if (config.configType === undefined) {
    refuse(member(field, 'configType'), 'must be set, such as FEATURE_FLAG or CONFIG.');
  }
  if (config.projectId !== undefined && BigInt(config.projectId) !== projectId) {
    const rule = `must be ${projectId}, the environment's, or be left out; it is ${config.projectId}.`;
    refuse(member(field, 'projectId'), rule);
  }
}

/**
 * At most one row for the environment and one default row: some SDKs also evaluate other rows, and
 * some only the first of two.
 */
function checkEnvironments(rows: readonly ConfigRow[], { environment, field }: ConfigLocation): void {
  const seen = new Set<string | undefined>();
  rows.forEach(({ projectEnvId }, index) => {
    const at = `${member(field, 'rows')}[${index}].projectEnvId`;
    if (projectEnvId !== undefined && BigInt(projectEnvId) !== environment) {
      const rule = `must be ${environment}, the environment's, or be left out for a default row; it is ${projectEnvId}.`;
      refuse(at, rule, 'row_environment');
    }
    if (seen.has(projectEnvId)) {
      const which = projectEnvId === undefined ? 'default row' : `row for environment ${projectEnvId}`;
      refuse(at, `makes a second ${which}; put the values of both into one row.`, 'row_environment');
    }
    seen.add(projectEnvId);
  });
}

/**
 * The type that the values must have, or `undefined` when the config does not say. Schemas have no
 * value type of their own.
 */
function valueTypeOf({ configType, valueType }: Config): string | undefined {
  return configType === 'SCHEMA' ? undefined : valueType;
}

function checkRow(row: ConfigRow, valueType: string | undefined, field: string): void {
  const values = row.values ?? [];
  const at = member(field, 'values');
  if (values.length === 0) refuse(at, 'must have a value; leave the row out if it has none.', 'rows_missing');
  values.forEach(({ criteria, value }, index) => {
    const each = `${at}[${index}]`;
    checkValue(value, valueType, member(each, 'value'));
    criteria?.forEach((criterion, number) => checkCriterion(criterion, `${each}.criteria[${number}]`));
  });
}
