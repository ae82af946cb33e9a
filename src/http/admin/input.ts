/** Validation of requests of administration: the first problem, with its field and the remedy. */
import type { Request } from 'express';
import { z } from 'zod';
import { HoldfastError } from '../../core/errors.js';
import { parseVersion } from '../../ruleset/version.js';
import type { FieldSchema } from './route.js';

const ID_RULE = 'must be a number from 1 to 2^63 - 1, as a decimal string if it is above 2^53';

/** An id in a JSON body: decimal text, or a number that a double holds exactly. */
export const idField = z
  .union([z.string(), z.number()], ID_RULE)
  .transform((value, context) => {
    const id = parseVersion(`${value}`);
    const isLost = typeof value === 'number' && !Number.isSafeInteger(value);
    if (id !== undefined && id !== 0n && !isLost) return id;
    context.issues.push({ code: 'custom', message: ID_RULE, input: value });
    return z.NEVER;
  })
  .meta({ description: 'An id: decimal text, or a number up to 2^53.' });

const ENVIRONMENT_RULE = `${ID_RULE}, or a name`;

/** An environment in a JSON body, by its number or its name; as text, for `resolveEnvironment`. */
export const environmentField = z
  .union([z.string(), z.number()], ENVIRONMENT_RULE)
  .transform((value, context) => {
    const text = `${value}`;
    const isName = typeof value === 'string' && /\D/.test(text) && text.length <= 200;
    if (isName || idField.safeParse(value).success) return text;
    context.issues.push({ code: 'custom', message: ENVIRONMENT_RULE, input: value });
    return z.NEVER;
  })
  .meta({ description: 'An environment by its number, as decimal text or up to 2^53, or by its name.' });

/** An id in an answer. */
export const idText = z.string().meta({ description: 'An int64 as decimal text.', pattern: '^\\d{1,19}$' });

/** A point in time in an answer. */
export const timeText = z.string().meta({ description: 'ISO 8601, UTC.', format: 'date-time' });

/** A point in time in a request, as milliseconds since 1970. */
function timeField(rule: string) {
  return z.iso.datetime({ offset: true, error: rule }).transform((text) => Date.parse(text));
}

/** The time from which something is refused; null: never. */
export function expiryField(subject: 'key' | 'token') {
  const rule = `must be a time such as 2027-01-31T00:00:00Z, or null for a ${subject} that does not expire`;
  return z
    .union([timeField(rule), z.null()], rule)
    .meta({ description: `The ${subject} is refused from then on; null: never.` });
}

const REVISION_RULE = 'must be one revision in quotes, such as If-Match: "h8dT-Yz0cX3k2mQvB1sA9w"';

/** `If-Match: "<revision>"` for settings; `*` is any. */
export const ifRevisionHeader = z
  .string(REVISION_RULE)
  .transform((header, context) => {
    if (header.trim() === '*') return undefined;
    const revision = /^(?:W\/)?"([\w-]{22})"$/.exec(header.trim())?.[1];
    if (revision !== undefined) return revision;
    context.issues.push({ code: 'custom', message: REVISION_RULE, input: header });
    return z.NEVER;
  })
  .optional()
  .meta({ description: 'Changes the settings only if they still are of this revision.' });

/** The revision of settings in an answer. */
export const revisionText = z.string().meta({
  description: 'Names these settings, for `If-Match` of a change: others have another revision.',
});

/** A parameter that says how many entries an answer has at most. */
export function countParameter(standard: number, max: number) {
  const rule = `must be a whole number from 1 to ${max}`;
  return z
    .string(rule)
    .regex(/^\d{1,4}$/, rule)
    .transform(Number)
    .refine((count) => count >= 1 && count <= max, rule)
    .default(standard)
    .meta({ description: `At most so many, ${standard} unless given; from 1 to ${max}.` });
}

/**
 * Reads a JSON body.
 *
 * @throws HoldfastError `body_invalid` when it is no object; `field_invalid` with the first field
 *   that is wrong
 */
export function readJsonBody(schema: z.ZodType, body: unknown = {}): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HoldfastError('body_invalid', 'the body must be a JSON object');
  }
  return validated(schema, body, 'is not a field of this request: leave it out');
}

/**
 * Builds the reader of the parameters of a query, once for a route: making a schema costs as much as
 * the rest of a request's validation. It refuses unknown parameters by `field_invalid`.
 */
export function queryReader(schema: FieldSchema): (request: Request) => unknown {
  // A loose schema says itself that others may come.
  const exact = schema.def.catchall === undefined ? schema.strict() : schema;
  return ({ query }) => validated(exact, { ...query }, 'is not a parameter of this request: leave it out');
}

/** Reads the parameters of a path. @throws HoldfastError `field_invalid` */
export function readParams(schema: FieldSchema, request: Request): unknown {
  return validated(schema, request.params, '');
}

/**
 * Reads the headers that a schema names. One that came more than once is no text, and hence refused
 * by the schema. @throws HoldfastError `field_invalid`
 */
export function readHeaders(schema: FieldSchema, request: Request): unknown {
  const headers: Record<string, unknown> = {};
  for (const name of Object.keys(schema.shape)) {
    const values = request.headersDistinct[name.toLowerCase()];
    if (values !== undefined) headers[name] = values.length === 1 ? values[0] : values;
  }
  return validated(schema, headers, '');
}

function validated(schema: z.ZodType, value: unknown, unknownField: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = pathOf([...(issue?.path ?? []), ...unknown]);
  const problem = unknown.length === 0 ? (issue?.message ?? 'is not valid') : unknownField;
  throw new HoldfastError('field_invalid', `${field} ${problem}`, { field });
}

/** Writes a path as errors name fields: `environments[0].id`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}
