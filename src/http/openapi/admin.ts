/** The operations of administration, from the table that the router is made from. */
import { z } from 'zod';
import type { ErrorCode } from '../../core/errors.js';
import type { AdminRoute, RawBody } from '../admin/route.js';
import { ADMIN_ROUTES } from '../admin/table.js';
import {
  errorResponses,
  openApiPath,
  parametersOf,
  type OpenApiPart,
  type SchemaCollector,
} from './schemas.js';

const environmentParameter = z.object({
  id: z.string().min(1).meta({ description: 'An environment, by number or by name.' }),
});

/** Builds the operations of administration: path, method, operation. */
export function adminOperations(schemas: SchemaCollector): [string, string, OpenApiPart][] {
  return ADMIN_ROUTES.map((route) => [
    openApiPath(`/admin/v1${route.path}`),
    route.method.toLowerCase(),
    operationOf(route, schemas),
  ]);
}

function operationOf(route: AdminRoute, schemas: SchemaCollector): OpenApiPart {
  const { operation, summary, role, dryRunRole, scope, params, query, headers, body } = route;
  const path = scope === 'environment' ? environmentParameter.extend(params?.shape ?? {}) : params;
  const parameters = [
    ...(path === undefined ? [] : parametersOf(path, 'path', schemas)),
    ...(query === undefined ? [] : parametersOf(query, 'query', schemas)),
    ...(headers === undefined ? [] : parametersOf(headers, 'header', schemas)),
  ];
  return {
    operationId: operation,
    summary,
    description:
      route.credential === 'none'
        ? 'Needs no token.'
        : `Needs the role ${role}${scope === 'installation' ? ', for all environments' : ''}.${dryRunRole === undefined ? '' : ` A dry run needs the role ${dryRunRole}.`}`,
    tags: ['administration'],
    security: route.credential === 'none' ? [] : [{ operator: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body, schemas) } }),
    responses: { ...answersOf(route, schemas), ...errorResponses(errorsOf(route), schemas) },
  };
}

function contentOf(body: z.ZodType | RawBody, schemas: SchemaCollector): OpenApiPart {
  if (!('raw' in body)) return { 'application/json': { schema: schemas.convert(body) } };
  const media = Object.entries(body.content).map(([type, schema]) => [
    type,
    { schema: schema === 'bytes' ? {} : schemas.convert(schema) },
  ]);
  return Object.fromEntries(media) as OpenApiPart;
}

/** The sentences for statuses other than 200. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  201: 'Created.',
  302: 'The browser goes elsewhere.',
};

function answersOf(
  { answers, answerHeaders = {}, answerType }: AdminRoute,
  schemas: SchemaCollector,
): OpenApiPart {
  const type = answerType ?? 'application/json';
  const headers = Object.fromEntries(
    Object.entries(answerHeaders).map(([name, description]) => [
      name,
      { description, schema: { type: 'string' } },
    ]),
  );
  return Object.fromEntries(
    Object.entries(answers).map(([status, schema]) => [
      status,
      {
        description: DESCRIPTIONS[status] ?? 'Done.',
        ...(Object.keys(headers).length === 0 ? {} : { headers }),
        ...(schema.def.type === 'undefined'
          ? {}
          : { content: { [type]: { schema: schemas.convert(schema) } } }),
      },
    ]),
  );
}

/** The codes that a route can answer with: those of its kind, and its own. */
function errorsOf({ scope, params, body, errors = [] }: AdminRoute): ErrorCode[] {
  return [
    'field_invalid',
    'body_invalid',
    'unauthorized',
    'forbidden',
    ...(scope === 'environment' ? (['environment_unknown'] as const) : []),
    ...(params === undefined ? [] : (['not_found'] as const)),
    ...(body === undefined ? [] : (['change_too_large'] as const)),
    ...errors,
    'internal',
    'store_damaged',
    'store_unavailable',
  ];
}
