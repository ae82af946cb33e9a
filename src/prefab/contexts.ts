/**
 * Reads the contexts that the public browser SDKs send: the last part of a path, base64 of JSON.
 * [protocol] #evaluation-for-browsers
 *
 * The SDK writes every value that is no text and no number under `bool`: dates (as text), lists,
 * and what is not set. A page must not lose all of its flags over one such property, so all that
 * has a meaning is taken in that meaning.
 */
import type { Context, Contexts, ContextValue } from '../evaluate/contexts.js';
import type { IgnoredAttributes } from '../evaluate/ignored-attributes.js';
import { member, quote, refuse } from '../ruleset/fields.js';

/** Contexts that were read from a request. */
export interface PrefabContexts {
  readonly contexts: Contexts;
  readonly ignored: IgnoredAttributes;
}

/** Contexts of one request. */
export const CONTEXTS_MAX = 100;
/** Properties of all contexts of one request. */
export const PROPERTIES_MAX = 1000;

const FIELD = 'context';
const EXAMPLE = '{"contexts":[{"type":"user","values":{"key":{"string":"a"}}}]}';
const LARGEST_INT = 2n ** 63n - 1n;
const SMALLEST_INT = -(2n ** 63n);

/**
 * The contexts of a path's last part, percent-decoded. Of one type that is there twice the last
 * counts, as for the SDKs.
 *
 * @throws HoldfastError `field_invalid`
 */
export function readPrefabContexts(segment: string): PrefabContexts {
  const body = parse(decode(segment));
  const list = isObject(body) ? body.contexts : undefined;
  if (!Array.isArray(list))
    return refuse(FIELD, `must be base64 of an object with a list, such as ${EXAMPLE}`);
  if (list.length > CONTEXTS_MAX) {
    return refuse(FIELD, `must have at most ${CONTEXTS_MAX} contexts, not ${list.length}: leave some out`);
  }
  const contexts = new Map<string, Context>();
  const ignored: string[] = [];
  let properties = 0;
  list.forEach((given: unknown, index) => {
    const [type, context] = readContext(given, `contexts[${index}]`, ignored);
    properties += context.size;
    if (properties > PROPERTIES_MAX) {
      refuse(FIELD, `must have at most ${PROPERTIES_MAX} properties in all contexts: leave some out`);
    }
    contexts.set(type, context);
  });
  return { contexts, ignored };
}

/**
 * Padding may be missing, and the alphabet may be the one for URLs. A plus sign that something on
 * the way took for a space is one again.
 */
function decode(segment: string): string {
  const base64 = segment.replaceAll(' ', '+');
  if (!/^[\w+/-]+={0,2}$/.test(base64)) return refuse(FIELD, 'must be base64, percent-encoded');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return refuse(FIELD, 'must be base64 of UTF-8');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return refuse(FIELD, `must be base64 of JSON, such as ${EXAMPLE}`);
  }
}

function readContext(given: unknown, field: string, ignored: string[]): [type: string, context: Context] {
  if (!isObject(given)) return refuse(field, 'must be an object with a type and values');
  const { type = '', values = {} } = given;
  if (typeof type !== 'string') return refuse(member(field, 'type'), 'must be a text');
  const at = member(field, 'values');
  if (!isObject(values)) return refuse(at, 'must be an object: a value by each property');
  const context = new Map<string, ContextValue>();
  for (const [name, tagged] of Object.entries(values)) {
    const value = readValue(tagged);
    if (value === 'unreadable') ignored.push(`${at}[${quote(name)}]`);
    else if (value !== undefined) context.set(name, value.is);
  }
  return [type, context];
}

/**
 * A value; `undefined` for a property that is not set, `unreadable` for one that no rule could
 * read.
 */
type ReadValue = { readonly is: ContextValue } | 'unreadable' | undefined;

function readValue(given: unknown): ReadValue {
  if (!isObject(given)) return 'unreadable';
  const [only, ...more] = Object.entries(given);
  if (more.length > 0) return 'unreadable';
  // In JSON `undefined` is nothing at all, and numbers that are none are null.
  if (only === undefined || only[1] === null) return undefined;
  const value = readKind(...only);
  return value === undefined ? 'unreadable' : { is: value };
}

function readKind(kind: string, value: unknown): ContextValue | undefined {
  switch (kind) {
    case 'string':
      return typeof value === 'string' ? value : undefined;
    case 'int':
      return readInt(value);
    case 'double':
      return typeof value === 'number' ? value : undefined;
    case 'bool':
      return typeof value === 'boolean' || typeof value === 'string' ? value : readList(value);
    case 'stringList':
      return readList(isObject(value) ? value.values : value);
    default:
      return undefined;
  }
}

/**
 * A whole number that JSON has rounded is what it was rounded to, and one that is too large for an
 * int64 a double.
 */
function readInt(value: unknown): number | bigint | undefined {
  if (typeof value === 'number' && !Number.isInteger(value)) return undefined;
  if (typeof value !== 'number' && !(typeof value === 'string' && /^-?\d{1,19}$/.test(value)))
    return undefined;
  const exact = BigInt(value);
  if (exact < SMALLEST_INT || exact > LARGEST_INT) return typeof value === 'number' ? value : undefined;
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
}

function readList(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const isPlain = (each: unknown): each is string | number | boolean =>
    typeof each === 'string' || typeof each === 'number' || typeof each === 'boolean';
  return value.every(isPlain) ? value.map(String) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
