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

/** The deepest nesting of objects; a body of the largest size could exhaust the stack otherwise. */
export const CONTEXT_MAX_DEPTH = 16;

/** The property that receives the targeting key unless the context has it itself. */
export const TARGETING_PROPERTY = 'user.key';

/**
 * Reads the body of either route. The schema requires a targeting key; a context without one is
 * accepted, because only some flags need it.
 *
 * @throws HoldfastError `body_invalid` when it is no object, `field_invalid` with the field that is
 * wrong
 */
export function readOfrepContexts(body: unknown): Contexts {
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
  const properties: Properties = new Map();
  take(attributes, { field: 'context', prefix: '', depth: 1 }, properties);
  if (typeof targetingKey === 'string' && !properties.has(TARGETING_PROPERTY)) {
    properties.set(TARGETING_PROPERTY, targetingKey);
  }
  return byType(properties);
}

/** Values by the text that a rule has for them. */
type Properties = Map<string, ContextValue>;

interface Place {
  /** The path that errors name. */
  readonly field: string;
  /** The beginning of the texts of properties: empty, or names with a dot behind each. */
  readonly prefix: string;
  readonly depth: number;
}

function take(attributes: Record<string, unknown>, place: Place, properties: Properties): void {
  for (const [name, content] of Object.entries(attributes)) {
    const field = member(place.field, /^[\w.-]{1,64}$/.test(name) ? name : quote(name));
    const text = place.prefix + name;
    if (isObject(content)) {
      if (place.depth >= CONTEXT_MAX_DEPTH) {
        refuse(field, `is nested too deep: at most ${CONTEXT_MAX_DEPTH} levels are read`);
      }
      take(content, { field, prefix: `${text}.`, depth: place.depth + 1 }, properties);
      continue;
    }
    const value = valueOf(content, field);
    if (value === undefined) continue;
    if (properties.has(text)) {
      refuse(
        field,
        'is given twice: leave out one of the two, the name with a dot or the one inside an object',
      );
    }
    properties.set(text, value);
  }
}

/** `undefined` for null, which is as if the name were not there. */
function valueOf(content: unknown, field: string): ContextValue | undefined {
  if (content === null) return undefined;
  if (!Array.isArray(content)) return scalar(content, field);
  // Rules compare the elements of a list as texts, whatever they were.
  return content.flatMap((element: unknown, index) =>
    element === null ? [] : [`${scalar(element, `${field}[${index}]`)}`],
  );
}

function scalar(content: unknown, field: string): string | number | boolean {
  if (typeof content === 'string' || typeof content === 'boolean') return content;
  if (typeof content === 'number') {
    if (!Number.isFinite(content)) refuse(field, 'must be a number that a double can hold');
    return content;
  }
  return refuse(field, `must be a text, a number or a boolean, not ${nameOf(content)}`);
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
