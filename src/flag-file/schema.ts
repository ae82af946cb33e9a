/**
 * The JSON Schema of flag files, for editors and for checks without a server. It knows the form;
 * the words of conditions, and values that a guessed type does not fit, are left to `plan`.
 *
 * [flag-file] #schema
 */
import {
  CONFIG_FIELDS,
  CONFIG_TYPES,
  FORMAT_VERSION,
  ROLLOUT_FIELDS,
  ROW_FIELDS,
  RULE_FIELDS,
  VALUE_CONTENT,
  VALUE_NOTES,
  VALUE_TYPE_WORDS,
} from './terms.js';
import { MAX_DECIMALS } from './write-value.js';

/** A JSON Schema of draft 7, which editors read. */
export type FlagFileSchema = Readonly<Record<string, unknown>>;

type SchemaOf<Name extends string> = Readonly<Record<Name, FlagFileSchema>>;

const ref = (name: string): FlagFileSchema => ({ $ref: `#/definitions/${name}` });
const text = (description: string): FlagFileSchema => ({ type: 'string', description });
const flag = (description: string): FlagFileSchema => ({ type: 'boolean', description });

const PERCENT = `(0?\\d{1,2}(\\.\\d{1,${MAX_DECIMALS}})?|100(\\.0{1,${MAX_DECIMALS}})?)\\s?%`;

/** The keys of a rule, with their meaning. */
export const ruleSchema: SchemaOf<(typeof RULE_FIELDS)[number]> = {
  when: {
    type: ['string', 'array'],
    minLength: 1,
    items: { type: 'string', minLength: 1 },
    description:
      'A condition, such as "user.email ends with @acme.com", or a list of conditions that must all hold.',
  },
  value: described(ref('value'), 'The value where the rule holds.'),
  rollout: described(ref('rollout'), 'Shares instead of one value.'),
};

/** The keys of a row of values, with their meaning. */
const rowSchema: SchemaOf<(typeof ROW_FIELDS)[number]> = {
  rules: {
    type: 'array',
    items: ref('rule'),
    description: 'Rules in their order; the first one that holds decides.',
  },
  default: described(ref('value'), 'The value where no rule holds.'),
  rollout: described(ref('rollout'), 'Shares instead of the default.'),
  properties: {
    type: 'object',
    additionalProperties: ref('value'),
    description: 'Notes for programs, as values by name.',
  },
};

/** The keys of a config, with their meaning. */
export const configSchema: SchemaOf<(typeof CONFIG_FIELDS)[number]> = {
  type: { enum: Object.keys(CONFIG_TYPES), description: 'The kind of config.' },
  valueType: {
    enum: Object.keys(VALUE_TYPE_WORDS),
    description: 'The type of the values. Without it, the type of the config or its first value says it.',
  },
  description: text('A sentence for people.'),
  clientSide: flag('True to send the config to client-side SDKs too.'),
  everywhere: flag('True when the values are those of all environments, and no environment has its own.'),
  ...rowSchema,
  elsewhere: {
    type: 'object',
    properties: {
      ...rowSchema,
      first: flag('True when the values of all other environments come first in the data model.'),
    },
    additionalProperties: false,
    allOf: [atMostOne('default', 'rollout')],
    description: 'The values of all environments that have none of their own.',
  },
  allowableValues: { type: 'array', items: ref('value'), description: 'The values that are allowed.' },
  draftId: { type: ['integer', 'string'], description: 'Kept as it is.' },
  schemaKey: text('The key of the config with the schema of the values.'),
  changedBy: { type: 'object', description: 'Kept as it is.' },
  proto: {
    type: 'object',
    description: 'The whole config in the form of the data model; no other key is given then.',
  },
};

/** The keys of a rollout that is a map, with their meaning. */
export const rolloutSchema: SchemaOf<(typeof ROLLOUT_FIELDS)[number]> = {
  by: text('The property whose value decides the share, such as user.key.'),
  random: flag('True when each evaluation draws again.'),
  values: shares(`^${PERCENT}$`, 'Values by shares that add up to 100 %, such as "- 25%: green".'),
  weights: shares('^\\d{1,10}$', 'Values by weights of any sum, such as "- 1: green".'),
};

/** The keys of a value in its long form, with their meaning. */
export const valueSchema: SchemaOf<(typeof VALUE_CONTENT)[number] | (typeof VALUE_NOTES)[number]> = {
  $value: { description: 'The value.' },
  $env: text('The name of the environment variable that SDKs read the value from.'),
  $proto: { description: 'The value in the form of the data model, such as {int: 5}.' },
  $confidential: flag('True to keep the value out of logs and lists.'),
  $decryptWith: text('The key of the config with the key that decrypts the value.'),
  $name: text('The name of a variant.'),
  $description: text('A sentence about a variant.'),
};

/** Values as they are written for a value type that is given; types that are absent take any value. */
const NATURAL: Readonly<Partial<Record<string, FlagFileSchema>>> = {
  bool: { type: 'boolean' },
  int: { type: 'integer' },
  double: { type: 'number' },
  string: { type: 'string' },
  duration: { type: 'string' },
  'log-level': { type: ['string', 'integer'] },
  'string-list': { type: 'array', items: { type: 'string' } },
  bytes: { type: 'string' },
};

/** Makes the JSON Schema of flag files. */
export function flagFileSchema(): FlagFileSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Flag file of Holdfast',
    type: 'object',
    properties: {
      holdfast: { const: FORMAT_VERSION, description: 'The version of the form.' },
      configs: {
        type: ['object', 'null'],
        additionalProperties: ref('config'),
        description: 'Configs by their keys.',
      },
    },
    required: ['holdfast', 'configs'],
    additionalProperties: false,
    definitions: { config: config(), rule: rule(), rollout: rollout(), value: value() },
  };
}

function config(): FlagFileSchema {
  return {
    type: 'object',
    properties: configSchema,
    additionalProperties: false,
    if: { required: ['proto'] },
    then: { maxProperties: 1 },
    else: { required: ['type'] },
    allOf: [
      atMostOne('default', 'rollout'),
      {
        if: { properties: { everywhere: { const: true } }, required: ['everywhere'] },
        then: { not: { required: ['elsewhere'] } },
      },
      ...Object.entries(NATURAL).map(([word, natural]) => ({
        if: { properties: { valueType: { const: word } }, required: ['valueType'] },
        then: valuesOf({ anyOf: [natural, longForm] }),
      })),
    ],
  };
}

/** A config all of whose values are like that, except for those of rollouts. */
function valuesOf(each: FlagFileSchema): FlagFileSchema {
  const row = { default: each, rules: { items: { properties: { value: each } } } };
  return {
    properties: { ...row, elsewhere: { properties: row }, allowableValues: { items: each } },
  };
}

function rule(): FlagFileSchema {
  return {
    type: 'object',
    properties: ruleSchema,
    additionalProperties: false,
    required: ['when'],
    oneOf: [{ required: ['value'] }, { required: ['rollout'] }],
  };
}

function rollout(): FlagFileSchema {
  return {
    if: { type: 'object' },
    then: {
      properties: rolloutSchema,
      additionalProperties: false,
      oneOf: [{ required: ['values'] }, { required: ['weights'] }],
      if: { properties: { random: { const: true } }, required: ['random'] },
      then: { not: { required: ['by'] } },
      else: { required: ['by'] },
    },
    else: {
      type: 'string',
      pattern: `^${PERCENT}\\s+by\\s+\\S+$`,
      description: 'The share of true, such as "25% by user.key".',
    },
  };
}

/** A map with a key that begins with `$`. */
const longForm: FlagFileSchema = { type: 'object', not: { propertyNames: { pattern: '^(?!\\$)' } } };

function value(): FlagFileSchema {
  return {
    if: longForm,
    then: {
      properties: valueSchema,
      additionalProperties: false,
      oneOf: VALUE_CONTENT.map((name) => ({ required: [name] })),
    },
  };
}

function shares(pattern: string, description: string): FlagFileSchema {
  const share = {
    type: 'object',
    minProperties: 1,
    maxProperties: 1,
    propertyNames: { pattern },
    additionalProperties: ref('value'),
  };
  return { type: 'array', minItems: 1, items: share, description };
}

function atMostOne(...names: readonly string[]): FlagFileSchema {
  return { not: { required: names } };
}

/** Next to `$ref` nothing counts in draft 7. */
function described(schema: FlagFileSchema, description: string): FlagFileSchema {
  return { allOf: [schema], description };
}
