/**
 * Writes values for flag files: as YAML where the value type says what is meant, else in the long
 * form, a map whose keys begin with `$`.
 */
import type { Config, ConfigValue, WeightedValues } from '../ruleset/model.js';
import { kindOf } from '../ruleset/values.js';
import { MAX_JSON_DEPTH } from './terms.js';

/** Anything that the YAML library writes. */
export type Yaml = string | number | bigint | boolean | null | readonly Yaml[] | ReadonlyMap<string, Yaml>;

/** Writes a value that is not a rollout, or a rollout without short form. */
export function writeValue(value: ConfigValue, valueType: Config['valueType']): Yaml {
  const { confidential, decryptWith, name, description, ...content } = value;
  const natural = naturalOf(content, valueType);
  const notes = Object.entries({ confidential, decryptWith, name, description }).filter(
    (entry): entry is [string, string | boolean] => entry[1] !== undefined,
  );
  const isMarked = natural instanceof Map && [...natural.keys()].some((key) => String(key).startsWith('$'));
  if (natural !== undefined && notes.length === 0 && !isMarked) return natural;
  return new Map([long(content, natural), ...notes.map(([key, note]) => [`$${key}`, note] as const)]);
}

function long(content: ConfigValue, natural: Yaml | undefined): readonly [string, Yaml] {
  if (natural !== undefined) return ['$value', natural];
  const { source, lookup } = content.provided ?? {};
  if (source === 'ENV_VAR' && lookup !== undefined) return ['$env', lookup];
  return ['$proto', writeJson(content)];
}

/** The YAML that the value type gives a meaning; `undefined` when there is none. */
function naturalOf(value: ConfigValue, valueType: string | undefined): Yaml | undefined {
  switch (valueType) {
    case 'BOOL':
      return value.bool;
    case 'INT':
      return value.int === undefined ? undefined : BigInt(value.int);
    case 'DOUBLE':
      return value.double === undefined ? undefined : Number(value.double);
    case 'STRING':
      return value.string;
    case 'BYTES':
      return value.bytes;
    case 'LOG_LEVEL':
      return value.logLevel;
    case 'DURATION':
      return value.duration?.definition;
    case 'STRING_LIST':
      return value.stringList && (value.stringList.values ?? []);
    case 'INT_RANGE':
      return (
        value.intRange && new Map(Object.entries(value.intRange).map(([name, int]) => [name, BigInt(int)]))
      );
    case 'JSON':
      return value.json && naturalJson(value.json.json ?? '');
    case undefined:
      return value.bool ?? value.string ?? (value.int === undefined ? undefined : BigInt(value.int));
    default:
      return undefined;
  }
}

/** JSON as YAML, if the text is the one that the YAML is read as. */
function naturalJson(text: string): Yaml | undefined {
  if (depthOf(text) > MAX_JSON_DEPTH) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string' && looksLikeJson(value)) return undefined;
    return JSON.stringify(value) === text ? writeJson(value) : undefined;
  } catch {
    return undefined;
  }
}

/** True for a text that a person would mean as JSON, not as a JSON string. */
export function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text);
}

/** The depth of lists and objects; at least that, for texts that are not JSON. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const sign of text.replace(/"(?:[^"\\]|\\.)*"/g, '')) {
    if (sign === '[' || sign === '{') deepest = Math.max(deepest, ++depth);
    if (sign === ']' || sign === '}') depth--;
  }
  return deepest;
}

/** Parsed JSON as YAML. Maps, because objects would put keys that are numbers first. */
export function writeJson(value: unknown): Yaml {
  if (Array.isArray(value)) return value.map(writeJson);
  if (typeof value !== 'object' || value === null) return value as Yaml;
  return new Map(Object.entries(value).map(([key, member]) => [key, writeJson(member)]));
}

/** Shares have at most this many decimals; more would not fit into weights of 32 bits. */
export const MAX_DECIMALS = 6;

/**
 * Writes a rollout: `25% by user.key` for true or false, else a map with a list of shares.
 * `undefined` for weighted values without such a form.
 */
export function writeRollout(value: ConfigValue, valueType: Config['valueType']): Yaml | undefined {
  const { weightedValues: weighted, ...rest } = value;
  const variants = weighted?.weightedValues ?? [];
  if (weighted === undefined || Object.keys(rest).length > 0 || variants.length === 0) return undefined;
  if (variants.some((variant) => variant.value === undefined)) return undefined;
  const shares = sharesOf(variants.map(({ weight = 0 }) => weight));
  const short = shares && valueType === 'BOOL' ? shortOf(weighted, shares[0] ?? '') : undefined;
  if (short !== undefined) return short;
  const by = weighted.hashByPropertyName;
  const entries = variants.map((variant, index): Yaml => {
    const key = shares?.[index] ?? `${variant.weight ?? 0}`;
    return new Map([[key, writeValue(variant.value ?? {}, valueType)]]);
  });
  return new Map<string, Yaml>([
    by === undefined ? ['random', true] : ['by', by],
    [shares === undefined ? 'weights' : 'values', entries],
  ]);
}

/** The weights as percentages that are read as the same weights, if they add up to 100, 1000 or so. */
function sharesOf(weights: readonly number[]): string[] | undefined {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  for (let decimals = 0; decimals <= MAX_DECIMALS; decimals++) {
    if (sum !== 100 * 10 ** decimals) continue;
    return weights.map((weight) => {
      const digits = String(weight).padStart(decimals + 1, '0');
      const whole = digits.slice(0, digits.length - decimals);
      return decimals === 0 ? `${whole}%` : `${whole}.${digits.slice(-decimals)}%`;
    });
  }
  return undefined;
}

function shortOf({ weightedValues = [], hashByPropertyName: by }: WeightedValues, share: string) {
  const [on, off] = weightedValues.map(({ value }) => value ?? {});
  const isPlain = weightedValues.length === 2 && on?.bool === true && off?.bool === false;
  const hasNotes = weightedValues.some(({ value }) => Object.keys(value ?? {}).length !== 1);
  const isName = by !== undefined && /^\S+$/.test(by);
  return isPlain && !hasNotes && isName && kindOf(on) === 'bool' ? `${share} by ${by}` : undefined;
}
