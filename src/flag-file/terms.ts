/** The words of flag files for the enums of the data model. */

/** Config types by their words. */
export const CONFIG_TYPES: Readonly<Record<string, string>> = {
  flag: 'FEATURE_FLAG',
  config: 'CONFIG',
  segment: 'SEGMENT',
  'log-level': 'LOG_LEVEL',
  'log-level-v2': 'LOG_LEVEL_V2',
  limit: 'LIMIT_DEFINITION',
  schema: 'SCHEMA',
  deleted: 'DELETED',
};

/** The value types that a person writes as one text, by their words: those of `--type` too. */
export const WRITTEN_VALUE_TYPES: Readonly<Record<string, string>> = {
  bool: 'BOOL',
  int: 'INT',
  double: 'DOUBLE',
  string: 'STRING',
  json: 'JSON',
  duration: 'DURATION',
  'log-level': 'LOG_LEVEL',
  'string-list': 'STRING_LIST',
};

/** Value types by their words. `none` is a config that does not say. */
export const VALUE_TYPE_WORDS: Readonly<Record<string, string | undefined>> = {
  ...WRITTEN_VALUE_TYPES,
  bytes: 'BYTES',
  'int-range': 'INT_RANGE',
  limit: 'LIMIT_DEFINITION',
  none: undefined,
};

/** Value types that a config of that type has when its file does not say. */
export const USUAL_VALUE_TYPES: Readonly<Partial<Record<string, string>>> = {
  FEATURE_FLAG: 'BOOL',
  SEGMENT: 'BOOL',
  LOG_LEVEL: 'LOG_LEVEL',
  LOG_LEVEL_V2: 'LOG_LEVEL',
};

/** The version of the format, `holdfast: 1` at the head of a file. */
export const FORMAT_VERSION = 1;

/** JSON nested deeper than this is written as text, so that no reader runs out of stack. */
export const MAX_JSON_DEPTH = 64;

/** The keys of a row of values. */
export const ROW_FIELDS = ['rules', 'default', 'rollout', 'properties'] as const;

/** The keys of a config. */
export const CONFIG_FIELDS = [
  'type',
  'valueType',
  'description',
  'clientSide',
  'everywhere',
  ...ROW_FIELDS,
  'elsewhere',
  'allowableValues',
  'draftId',
  'schemaKey',
  'changedBy',
  'proto',
] as const;

/** The keys of a rule. */
export const RULE_FIELDS = ['when', 'value', 'rollout'] as const;

/** The keys of a rollout that is a map. */
export const ROLLOUT_FIELDS = ['by', 'random', 'values', 'weights'] as const;

/** The keys of a value in its long form, of which it has exactly one. */
export const VALUE_CONTENT = ['$value', '$env', '$proto'] as const;

/** The other keys of a value in its long form. */
export const VALUE_NOTES = ['$confidential', '$decryptWith', '$name', '$description'] as const;
