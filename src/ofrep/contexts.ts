/**
 * The mapping of OpenFeature's one context to contexts by type. Pure. docs/openfeature.md has the
 * table. [protocol] #openfeature
 *
 * OpenFeature's is an object of names with values, some of which are objects themselves. A rule
 * looks a property up by a text such as `user.email`. So each name in the context becomes such a
 * text (names of nested objects are joined by dots), and the text is split as a rule's is: at its
 * first dot. The author of a rule finds the name in the page's source, in either form.
 */
import type { Contexts, ContextValue } from '../evaluate/contexts.js';
import { HoldfastError } from '../core/errors.js';
import { member, quote, refuse } from '../ruleset/fields.js';
import type { IgnoredAttributes } from '../evaluate/ignored-attributes.js';

/** The deepest nesting of objects; a body of the largest size could exhaust the stack otherwise. */
export const CONTEXT_MAX_DEPTH = 16;

/** The property that receives the targeting key unless the context has it itself. */
export const TARGETING_PROPERTY = 'user.key';

/**
 * The type of context that an attribute without a type belongs to as well: OpenFeature knows one
 * subject and names its attributes `email`, where rules of SDKs with typed contexts say
 * `user.email`.
 */
const SUBJECT = 'user';

/**
 * Reads the body of either route. An attribute that no rule could read is ignored: a list with a
 * list or an object in it, a number that a double cannot hold, objects nested too deep, and one
 * that is given twice with equal values. The schema requires a targeting key; a context without one
 * is accepted, because only some flags need it.
 *
 * @throws HoldfastError `body_invalid` when it is no object, `field_invalid` with the field that is
 * wrong
 */
export function readOfrepContexts(body: unknown): ReadContexts {
  if (!isObject(body)) {
    throw new HoldfastError(
      'body_invalid',
      'the body must be a JSON object such as {"context": {"targetingKey": "user-123"}}',
    );
  }
  const context = body.context ?? {};
  if (!isObject(context)) refuse('context', `must be an object, not ${nameOf(context)}`);
  const { targetingKey, ...attributes } = context;
  if (typeof targetingKey !== 'string' && targetingKey !== undefined && targetingKey !== null) {
    refuse('context.targetingKey', `must be a text, not ${nameOf(targetingKey)}`);
  }
  const reading: Reading = { properties: new Map(), ignored: [] };
  read(attributes, { field: 'context', prefix: '', depth: 1 }, reading);
  const { properties, ignored } = reading;
  if (typeof targetingKey === 'string' && !properties.has(TARGETING_PROPERTY)) {
    properties.set(TARGETING_PROPERTY, targetingKey);
  }
  addSubject(properties);
  return { contexts: byType(properties), ignored };
}

/** Contexts that were read from a request. */
export interface ReadContexts {
  readonly contexts: Contexts;
  readonly ignored: IgnoredAttributes;
}

/** Values by the text that a rule has for them. */
type Properties = Map<string, ContextValue>;

interface Reading {
  readonly properties: Properties;
  readonly ignored: string[];
}

interface Place {
  /** The path that errors name. */
  readonly field: string;
  /** The beginning of the texts of properties: empty, or names with a dot behind each. */
  readonly prefix: string;
  readonly depth: number;
}

/** Reads the attributes of one object; null is as if the name were not there. */
function read(attributes: Record<string, unknown>, place: Place, reading: Reading): void {
  for (const [name, content] of Object.entries(attributes)) {
    const field = member(place.field, /^[\w.-]{1,64}$/.test(name) ? name : quote(name));
    const text = place.prefix + name;
    if (content === null) continue;
    if (isObject(content) && place.depth < CONTEXT_MAX_DEPTH) {
      read(content, { field, prefix: `${text}.`, depth: place.depth + 1 }, reading);
    } else {
      set(text, valueOf(content), field, reading);
    }
  }
}

/** @param value `undefined` for one that no rule could read */
function set(text: string, value: ContextValue | undefined, field: string, reading: Reading): void {
  const present = reading.properties.get(text);
  if (value === undefined || (present !== undefined && equal(present, value))) {
    reading.ignored.push(field);
  } else if (present === undefined) {
    reading.properties.set(text, value);
  } else {
    refuse(
      field,
      'is given twice, with other values: leave out one of the two, the name with a dot or the one inside an object',
    );
  }
}

/** Gives each attribute without a type to the subject too, unless the subject has it already. */
function addSubject(properties: Properties): void {
  for (const [text, value] of [...properties]) {
    const name = `${SUBJECT}.${text}`;
    if (text !== '' && !text.includes('.') && !properties.has(name)) properties.set(name, value);
  }
}

function equal(a: ContextValue, b: ContextValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function valueOf(content: unknown): ContextValue | undefined {
  if (!Array.isArray(content)) return isScalar(content) ? content : undefined;
  const elements = content.filter((element: unknown) => element !== null);
  // Rules compare the elements of a list as texts, whatever they were.
  return elements.every(isScalar) ? elements.map(String) : undefined;
}

/** True for the values that rules can read. JSON has numbers that a double cannot hold. */
function isScalar(content: unknown): content is string | number | boolean {
  return (
    typeof content === 'string' ||
    typeof content === 'boolean' ||
    (typeof content === 'number' && Number.isFinite(content))
  );
}

function byType(properties: Properties): Contexts {
  const contexts = new Map<string, Map<string, ContextValue>>();
  for (const [text, value] of properties) {
    const dot = text.indexOf('.');
    const type = dot < 0 ? '' : text.slice(0, dot);
    const context = contexts.get(type) ?? new Map<string, ContextValue>();
    contexts.set(type, context.set(text.slice(dot + 1), value));
  }
  return contexts;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
