/**
 * A strict reader of proto3-JSON: input becomes the normalised form of model.ts, or an error that
 * names the field.
 *
 * protobufjs' own `fromObject` is no reader of input: it skips unknown fields, accepts a string for
 * a list, and rounds numbers. A typing error in a rule would vanish and the rule would then match
 * every context. So this reader walks the declared types and refuses everything that they do not
 * declare. Rules about meaning are in validate.ts.
 *
 * Accepted, as proto3-JSON has it (https://protobuf.dev/programming-guides/json/): names in
 * camelCase and snake_case, int64 as text or number, enums by name or number, base64 of both
 * alphabets, "NaN" and "Infinity", and null for an absent field.
 */
import { mapSteps, runSteps, type Steps } from '../core/steps.js';
import { OPERATORS } from './criteria.js';
import { Enum, Type, type Field } from 'protobufjs';
import { HoldfastError } from '../core/errors.js';
import { MAX_DEPTH, member, quote, refuse, shapeOf, slotOf } from './fields.js';
import type { Config, Configs, ConfigValue, ContextSet, Criterion } from './model.js';
import {
  ConfigMessage,
  ConfigsMessage,
  ConfigValueMessage,
  ContextSetMessage,
  CriterionMessage,
} from './schema.js';

type JsonObject = Record<string, unknown>;

/** Operators that sources may know from the schema that succeeded this one, quoted. */
const LATER_OPERATORS: readonly string[] = ['"IS_PRESENT"', '"IS_NOT_PRESENT"'];

/**
 * Reads a `Configs` from parsed JSON.
 *
 * @throws HoldfastError `body_invalid` when it is not an object, `field_invalid` for anything
 * inside it
 */
export function readConfigsJson(value: unknown): Configs {
  return runSteps(configsJsonSteps(value));
}

/** Reads a `Configs` from parsed JSON in steps, a config in each; see {@link readConfigsJson}. */
export function* configsJsonSteps(value: unknown): Steps<Configs> {
  if (!isObject(value)) {
    throw new HoldfastError(
      'body_invalid',
      `The body must be a JSON object such as {"configs": [...]}, not ${nameOf(value)}.`,
    );
  }
  const { configs, ...others } = value;
  // Anything but a list is refused like any other field.
  if (!Array.isArray(configs)) return readMessage(ConfigsMessage, value, '', 1);
  const message: Configs = readMessage(ConfigsMessage, others, '', 1);
  const read = yield* mapSteps(
    configs,
    (config, index) => readMessage(ConfigMessage, config, `configs[${index}]`, 2),
    4,
  );
  return read.length === 0 ? message : { ...message, configs: read };
}

/**
 * Reads a `ContextSet` from parsed JSON.
 *
 * @param field the path that errors begin with, such as `defaultContext`
 * @throws HoldfastError `field_invalid`
 */
export function readContextSetJson(value: unknown, field: string): ContextSet {
  return readMessage(ContextSetMessage, value, field, 1);
}

/** Reads a `Config` from parsed JSON; errors are those of {@link readContextSetJson}. */
export function readConfigJson(value: unknown, field: string): Config {
  return readMessage(ConfigMessage, value, field, 1);
}

/** Reads a `ConfigValue` from parsed JSON; errors are those of {@link readContextSetJson}. */
export function readConfigValueJson(value: unknown, field: string): ConfigValue {
  return readMessage(ConfigValueMessage, value, field, 1);
}

/** Reads a `Criterion` from parsed JSON; errors are those of {@link readContextSetJson}. */
export function readCriterionJson(value: unknown, field: string): Criterion {
  return readMessage(CriterionMessage, value, field, 1);
}

function readMessage(type: Type, value: unknown, field: string, depth: number): JsonObject {
  if (!isObject(value)) refuse(field, `must be an object, not ${nameOf(value)}.`);
  if (depth > MAX_DEPTH) refuse(field, `is nested too deep; at most ${MAX_DEPTH} levels are read.`);
  const { byName } = shapeOf(type);
  const message: JsonObject = {};
  const given = new Map<unknown, string>();
  for (const [name, content] of Object.entries(value)) {
    const known = byName.get(name);
    if (known === undefined) {
      refuse(
        member(field, /^\w{1,64}$/.test(name) ? name : quote(name)),
        `is not a field of ${type.name}; its fields are ${type.fieldsArray.map((each) => each.name).join(', ')}.`,
      );
    }
    if (content === null) continue;
    const path = member(field, known.name);
    const slot = slotOf(known);
    const other = given.get(slot);
    if (other !== undefined) refuse(path, `cannot be given together with ${other}; keep one of them.`);
    given.set(slot, name);
    const read = readField(known, content, path, depth);
    if (!isDefault(known, read)) message[known.name] = read;
  }
  return message;
}

function readField(field: Field, value: unknown, path: string, depth: number): unknown {
  if (field.map) {
    if (!isObject(value)) refuse(path, `must be an object, not ${nameOf(value)}.`);
    // fromEntries defines own properties, so a key such as `__proto__` is data like any other.
    return Object.fromEntries(
      Object.entries(value).map(([key, content]) => {
        const at = `${path}[${quote(key)}]`;
        return [readString(key, at), readSingle(field, content, at, depth)];
      }),
    );
  }
  if (!field.repeated) return readSingle(field, value, path, depth);
  if (!Array.isArray(value)) refuse(path, `must be a list, not ${nameOf(value)}.`);
  return value.map((content: unknown, index) => readSingle(field, content, `${path}[${index}]`, depth));
}

function readSingle(field: Field, value: unknown, path: string, depth: number): unknown {
  if (field.resolvedType instanceof Type) return readMessage(field.resolvedType, value, path, depth + 1);
  if (field.resolvedType instanceof Enum) return readEnum(field.resolvedType, value, path);
  switch (field.type) {
    case 'string':
      return readString(value, path);
    case 'bool':
      if (typeof value !== 'boolean') refuse(path, `must be true or false, not ${nameOf(value)}.`);
      return value;
    case 'int32':
      return readInt32(value, path);
    case 'int64':
      return readInteger(value, path, 63).toString();
    case 'double':
      return readDouble(value, path);
    case 'bytes':
      return readBytes(value, path);
    default:
      throw new Error(`${field.fullName}: no reader for ${field.type}`);
  }
}

function readString(value: unknown, path: string): string {
  if (typeof value !== 'string') refuse(path, `must be a string, not ${nameOf(value)}.`);
  // Half of a surrogate pair has no UTF-8 form; an encoder would silently replace it.
  if (/\p{Surrogate}/u.test(value)) refuse(path, 'must be Unicode text; it has half of a surrogate pair.');
  return value;
}

function readEnum(type: Enum, value: unknown, path: string): string {
  if (typeof value === 'string' && Object.hasOwn(type.values, value)) return value;
  const name =
    typeof value === 'number' && Object.hasOwn(type.valuesById, value) ? type.valuesById[value] : undefined;
  const written = typeof value === 'string' ? quote(value) : nameOf(value);
  if (type.name === 'CriterionOperator' && LATER_OPERATORS.includes(written)) {
    const rule = `is ${written}, an operator of a later schema at which the public SDKs of this one fail; PROP_MATCHES with "." holds where the property is a text that is not empty.`;
    refuse(path, rule, 'operator_unsupported');
  }
  if (name !== undefined) return name;
  const names = type.name === 'CriterionOperator' ? OPERATORS : Object.keys(type.values);
  return refuse(path, `must be one of ${names.join(', ')}, not ${written}.`);
}

function readInt32(value: unknown, path: string): number {
  return Number(readInteger(value, path, 31));
}

/** @param bits of the magnitude: 31 or 63 */
function readInteger(value: unknown, path: string, bits: 31 | 63): bigint {
  const integer = parseInteger(value, path);
  const limit = 2n ** BigInt(bits);
  if (integer >= limit || integer < -limit) {
    refuse(path, `must be between ${-limit} and ${limit - 1n}.`);
  }
  return integer;
}

function parseInteger(value: unknown, path: string): bigint {
  // 20 digits are enough to be found out of range, and keep BigInt from working on a megabyte of
  // them.
  if (typeof value === 'string' && /^-?(0|[1-9]\d{0,19})$/.test(value)) return BigInt(value);
  if (typeof value !== 'number') {
    const written = typeof value === 'string' ? quote(value) : nameOf(value);
    refuse(path, `must be a whole number in decimal digits, not ${written}.`);
  }
  if (!Number.isInteger(value)) refuse(path, `must be a whole number, not ${value}.`);
  if (!Number.isSafeInteger(value)) {
    refuse(path, 'is beyond 2^53, where a JSON number loses digits; write it as a string.');
  }
  return BigInt(value);
}

function readDouble(value: unknown, path: string): number | string {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return value;
  const isText = typeof value === 'string' && /^-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,4})?$/.test(value);
  if (typeof value !== 'number' && !isText) {
    const written = typeof value === 'string' ? quote(value) : nameOf(value);
    refuse(path, `must be a number, "NaN", "Infinity" or "-Infinity", not ${written}.`);
  }
  const number = Number(value);
  if (!Number.isFinite(number))
    refuse(path, 'is beyond the range of a double; write "Infinity" if you mean it.');
  return number;
}

function readBytes(value: unknown, path: string): string {
  if (typeof value !== 'string' || !isBase64(value)) refuse(path, 'must be a string of base64.');
  return Buffer.from(value, 'base64').toString('base64');
}

function isBase64(text: string): boolean {
  const match = /^([A-Za-z0-9+/_-]*)(={0,2})$/.exec(text);
  if (match === null) return false;
  return match[2] === '' ? text.length % 4 !== 1 : text.length % 4 === 0;
}

/** True when the encoded form omits the field, so that the normalised form omits it too. */
function isDefault(field: Field, value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (field.map) return Object.keys(value as JsonObject).length === 0;
  if (field.hasPresence || field.resolvedType instanceof Type) return false;
  if (field.resolvedType instanceof Enum) return field.resolvedType.values[value as string] === 0;
  return value === '' || (value === '0' && field.long) || value === 0 || value === false;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The name of a value of the wrong type in a sentence. */
function nameOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return `a ${typeof value}`;
}
