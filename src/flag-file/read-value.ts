/** Reads values of flag files; the counterpart of write-value.ts. */
import { messageOf } from '../core/errors.js';
import { readConfigValueJson } from '../ruleset/json.js';
import type { ConfigValue } from '../ruleset/model.js';
import type { Place } from './place.js';
import { ROLLOUT_FIELDS, VALUE_CONTENT, VALUE_NOTES } from './terms.js';
import { looksLikeJson, MAX_DECIMALS } from './write-value.js';

/** Reads a value that is not a rollout. */
export function readFlagValue(place: Place, valueType: string | undefined): ConfigValue {
  if (!place.isMap || ![...place.map('').keys()].some((key) => key.startsWith('$'))) {
    return readNatural(place, valueType);
  }
  const fields = place.fields([...VALUE_CONTENT, ...VALUE_NOTES], '');
  const given = VALUE_CONTENT.filter((name) => fields[name] !== undefined);
  if (given.length !== 1)
    place.fail(`must have one of ${VALUE_CONTENT.join(', ')}, and has ${given.length}.`);
  const { $value, $env, $proto, $confidential, $decryptWith, $name, $description } = fields;
  return {
    ...($value && readNatural($value, valueType)),
    ...($env && { provided: { source: 'ENV_VAR', lookup: $env.text('$env') } }),
    ...($proto && readProto($proto, readConfigValueJson)),
    ...($confidential && { confidential: $confidential.flag('$confidential') }),
    ...($decryptWith && { decryptWith: $decryptWith.text('$decryptWith') }),
    ...($name && { name: $name.text('$name') }),
    ...($description && { description: $description.text('$description') }),
  };
}

/** Reads a part in the form of the data model: proto3-JSON as YAML. */
export function readProto<T>(place: Place, read: (value: unknown, field: string) => T): T {
  try {
    return read(place.toJson(), 'the value');
  } catch (error) {
    return place.fail(messageOf(error));
  }
}

/** Reads YAML that the value type gives a meaning. */
function readNatural(place: Place, valueType: string | undefined): ConfigValue {
  const { scalar } = place;
  switch (valueType) {
    case 'BOOL':
      return { bool: place.flag('a value of type bool') };
    case 'INT':
      return { int: readInteger(place) };
    case 'DOUBLE':
      return { double: readDouble(place) };
    case 'STRING':
      return { string: place.text('a value of type string') };
    case 'BYTES':
      return readProto(place, (bytes, field) => readConfigValueJson({ bytes }, field));
    case 'LOG_LEVEL':
      return readProto(place, (level, field) =>
        readConfigValueJson({ logLevel: typeof level === 'string' ? level.toUpperCase() : level }, field),
      );
    case 'DURATION':
      return { duration: { definition: place.text('a value of type duration, such as PT30S,') } };
    case 'STRING_LIST':
      return readList(place);
    case 'INT_RANGE':
      return readProto(place, (intRange, field) => readConfigValueJson({ intRange }, field));
    case 'JSON':
      return { json: { json: readJson(place) } };
    case undefined:
      if (typeof scalar === 'boolean') return { bool: scalar };
      if (typeof scalar === 'string') return { string: scalar };
      if (typeof scalar === 'bigint') return { int: readInteger(place) };
      return place.fail('has no type of its own; write {$proto: …} with the field of the data model.');
    default:
      return place.fail(
        'is of a type without a short form; write {$proto: …} with the field of the data model.',
      );
  }
}

/** A list without elements has no field in the data model. */
function readList(place: Place): ConfigValue {
  const values = place
    .list('a value of type string-list must be a list of texts.')
    .map((each) => each.text('an entry of a list'));
  return { stringList: values.length === 0 ? {} : { values } };
}

function readInteger(place: Place): string {
  const { scalar } = place;
  if (typeof scalar !== 'bigint') return place.fail('a value of type int must be a whole number.');
  if (BigInt.asIntN(64, scalar) !== scalar) place.fail('a value of type int must fit into 64 bits.');
  return scalar.toString();
}

/** A number that is not finite is text in the data model. */
function readDouble(place: Place): number | string {
  const { scalar } = place;
  if (typeof scalar !== 'number' && typeof scalar !== 'bigint') {
    return place.fail('a value of type double must be a number.');
  }
  const number = place.written === '-0' ? -0 : Number(scalar);
  return Number.isFinite(number) ? number : String(number);
}

function readJson(place: Place): string {
  const { scalar } = place;
  if (typeof scalar === 'string' && looksLikeJson(scalar)) {
    place.fail(
      'is JSON in quotes; write it as YAML, without them. A text that begins like JSON is written as {$proto: {json: {json: …}}}.',
    );
  }
  return place.toJsonText();
}

/** Reads a rollout: `25% by user.key`, or a map with shares or weights. */
export function readRollout(place: Place, valueType: string | undefined): ConfigValue {
  if (!place.isMap) return readShort(place, valueType);
  const { by, random, values, weights } = place.fields(ROLLOUT_FIELDS, '');
  const isRandom = random?.flag('random') === true;
  if (isRandom === (by !== undefined)) {
    place.fail('must name the property that it hashes by, such as "by: user.key", or say "random: true".');
  }
  const list = values ?? weights;
  if (list === undefined || (values !== undefined && weights !== undefined)) {
    return place.fail(
      'must have values, a list such as "- 25%: true", or weights, a list such as "- 1: true".',
    );
  }
  const variants = list.list('must be a list such as "- 25%: true".').map(readVariant);
  const numbers =
    values === undefined ? variants.map(({ key }) => readWeight(key)) : readShares(list, variants);
  return {
    weightedValues: {
      weightedValues: variants.map(({ value }, index) =>
        weighted(numbers[index] ?? 0, readFlagValue(value, valueType)),
      ),
      ...(by && { hashByPropertyName: by.text('by') }),
    },
  };
}

/** A weight of 0 is absent in the data model. */
function weighted(weight: number, value: ConfigValue) {
  return weight === 0 ? { value } : { weight, value };
}

function readVariant(place: Place): { key: Place; value: Place } {
  const [first, second] = place.map('must be a share and its value, such as "25%: true".').values();
  if (first === undefined || second !== undefined) {
    return place.fail('must have one share and its value, such as "25%: true".');
  }
  return first;
}

function readWeight(key: Place): number {
  const { written } = key;
  if (!/^\d{1,10}$/.test(written) || Number(written) >= 2 ** 31) {
    key.fail(
      `a weight must be a whole number below 2^31, not ${JSON.stringify(written)}; shares such as 25% are given as values.`,
    );
  }
  return Number(written);
}

const SHARE = /^(\d{1,3})(?:\.(\d+))?\s?%$/;

/** Shares as weights: whole numbers that add up to 100, or to 1000 with one decimal, and so on. */
function readShares(list: Place, variants: readonly { key: Place }[]): number[] {
  const parts = variants.map(({ key }) => {
    const [, whole = '', decimals = ''] =
      SHARE.exec(key.written) ??
      key.fail(`a share must be a percentage such as 25% or 0.5%, not ${JSON.stringify(key.written)}.`);
    if (decimals.length > MAX_DECIMALS) key.fail(`a share has at most ${MAX_DECIMALS} decimals.`);
    return { whole, decimals };
  });
  const decimals = Math.max(0, ...parts.map((part) => part.decimals.length));
  const weights = parts.map((part) => Number(part.whole + part.decimals.padEnd(decimals, '0')));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum !== 100 * 10 ** decimals) {
    list.fail(
      `the shares add up to ${Number((sum / 10 ** decimals).toFixed(decimals))} %, and must add up to 100 %.`,
    );
  }
  return weights;
}

function readShort(place: Place, valueType: string | undefined): ConfigValue {
  const form =
    'a rollout is written as "25% by user.key" for true and false, else as a map with by and values';
  const match = /^(\S+?)\s?%\s+by\s+(\S+)$/.exec(place.written);
  const [, whole = '', decimals = ''] = SHARE.exec(`${match?.[1] ?? ''}%`) ?? [];
  const [, , property] = match ?? [];
  if (property === undefined || whole === '' || decimals.length > MAX_DECIMALS) return place.fail(`${form}.`);
  if (valueType !== 'BOOL') place.fail(`only a config of type bool has a rollout of one share; ${form}.`);
  const total = 100 * 10 ** decimals.length;
  const share = Number(whole + decimals);
  if (share > total) place.fail('must be a share from 0% to 100%.');
  return {
    weightedValues: {
      weightedValues: [weighted(share, { bool: true }), weighted(total - share, { bool: false })],
      hashByPropertyName: property,
    },
  };
}
