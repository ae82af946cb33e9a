/** JSON Schemas for the OpenAPI document, from the schemas that requests are validated with. */
import { z } from 'zod';
import { HTTP_ERROR_CODES, httpStatusOf } from '../errors.js';
import type { ErrorCode } from '../../core/errors.js';

/** A part of the document. */
export type OpenApiPart = Readonly<Record<string, unknown>>;

const problem = {
  code: z.enum(HTTP_ERROR_CODES),
  message: z.string().meta({ description: 'For people: the problem, and what would be right.' }),
  field: z.string().optional().meta({ description: 'The path of the offending field, header or parameter.' }),
};

/** The body of every error but those of OFREP. */
const errorBody = z.object({ error: z.looseObject(problem) }).meta({ id: 'Error' });

/** The body of an error of OFREP's routes. */
const ofrepErrorBody = z
  .object({
    key: z.string().optional(),
    errorCode: z.enum([
      'PARSE_ERROR',
      'TARGETING_KEY_MISSING',
      'INVALID_CONTEXT',
      'FLAG_NOT_FOUND',
      'GENERAL',
    ]),
    errorDetails: z.string(),
  })
  .meta({ id: 'OfrepError' });

/** Schemas by name that the document has once; a schema with an `id` in its `meta` becomes one. */
export class SchemaCollector {
  readonly #components = new Map<string, OpenApiPart>();

  /** The components so far, by name in their order. */
  get components(): OpenApiPart {
    return Object.fromEntries([...this.#components].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Converts a schema of what a client sends or receives, as it is on the wire. */
  convert(schema: z.ZodType): OpenApiPart {
    // Inside an object a schema with a name becomes a reference, like everywhere else.
    const whole = z.toJSONSchema(z.object({ it: schema }), { io: 'input', unrepresentable: 'any' });
    const { properties, $defs = {} } = renamed(whole) as {
      properties: { it: OpenApiPart };
      $defs?: Record<string, OpenApiPart>;
    };
    for (const [name, definition] of Object.entries($defs)) this.#components.set(name, without(definition));
    return properties.it;
  }
}

function without({ id: _id, ...definition }: OpenApiPart): OpenApiPart {
  return definition;
}

/** References lead to the document's components. */
function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      name === '$ref' && typeof each === 'string'
        ? each.replace('#/$defs/', '#/components/schemas/')
        : renamed(each),
    ]),
  );
}

/** Builds the error responses for those codes, one for each status. */
export function errorResponses(
  codes: readonly ErrorCode[],
  schemas: SchemaCollector,
  form: 'usual' | 'ofrep' = 'usual',
): OpenApiPart {
  const schema = schemas.convert(form === 'usual' ? errorBody : ofrepErrorBody);
  const unique = [...new Set(codes)];
  const statuses = [...new Set(unique.map(httpStatusOf))];
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: `\`${unique.filter((code) => httpStatusOf(code) === status).join('`, `')}\``,
        content: { 'application/json': { schema } },
      },
    ]),
  );
}

/** Builds the parameters of an operation from an object schema. */
export function parametersOf(
  schema: z.ZodObject,
  place: 'path' | 'query' | 'header',
  schemas: SchemaCollector,
): OpenApiPart[] {
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, each]) => {
    const { description, ...rest } = schemas.convert(each);
    const isRequired = place === 'path' || !each.safeParse(undefined).success;
    return {
      name,
      in: place,
      required: isRequired,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

/** Converts a path of Express to one of OpenAPI: `/keys/{id}`. */
export function openApiPath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}
