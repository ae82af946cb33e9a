/** The operations of clients, proxies and health, declared for the document alone. */
import { z } from 'zod';
import type { ErrorCode } from '../../core/errors.js';
import {
  errorResponses,
  openApiPath,
  parametersOf,
  type OpenApiPart,
  type SchemaCollector,
} from './schemas.js';

interface ClientOperation {
  readonly method: 'get' | 'post';
  /** In the form of Express. */
  readonly path: string;
  readonly operation: string;
  readonly summary: string;
  readonly tag: string;
  /** The names of security schemes, each of which is enough; none: public. */
  readonly security?: readonly string[];
  readonly pathParameters?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: Readonly<Record<string, z.ZodType>>;
  /** Bodies by status and media type; an empty object: no body. */
  readonly answers: Readonly<Record<number, Readonly<Record<string, z.ZodType>>>>;
  readonly errors: readonly ErrorCode[];
  readonly errorForm?: 'ofrep';
}

const binary = z.unknown();
const eventStream = { 'text/event-stream': z.string() };
const ifNoneMatch = z.string().optional().meta({ description: 'The ETag of an earlier answer.' });
const READ: readonly ErrorCode[] = [
  'field_invalid',
  'body_invalid',
  'unauthorized',
  'internal',
  'store_unavailable',
];
const STREAM: readonly ErrorCode[] = [...READ, 'direct_hold_refused', 'busy', 'signature_refused'];

const flagAnswer = z
  .object({
    key: z.string(),
    value: z.unknown().optional(),
    reason: z.string(),
    variant: z.string().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'OfrepFlag' });
const ofrepRequest = z
  .looseObject({ context: z.looseObject({ targetingKey: z.string().optional() }).optional() })
  .meta({ id: 'OfrepRequest' });
const readiness = z.looseObject({ status: z.string() }).meta({ id: 'Readiness' });

const OPERATIONS: readonly ClientOperation[] = [
  {
    method: 'get',
    path: '/api/v1/sse/config',
    operation: 'subscribe',
    summary: 'Subscribes to the ruleset of the key, and to each change of it',
    tag: 'clients',
    security: ['serverKey'],
    headers: z.object({
      'Last-Event-ID': z.string().optional().meta({ description: 'The version at which the client stands.' }),
      'x-prefab-start-at-id': z.string().optional().meta({ description: 'The same, for the first request.' }),
    }),
    answers: { 200: eventStream },
    errors: STREAM,
  },
  {
    method: 'get',
    path: '/api/v1/sse/recover/:token',
    operation: 'recover',
    summary: 'Sends a GRIP proxy what its holds missed',
    tag: 'proxies',
    security: ['gripSignature'],
    pathParameters: z.object({ token: z.string().min(1) }),
    answers: { 200: eventStream },
    errors: [...READ, 'link_invalid'],
  },
  {
    method: 'get',
    path: '/api/v1/configs/:from',
    operation: 'getSnapshot',
    summary: 'Reads the configs above a version; 0 for all',
    tag: 'clients',
    security: ['serverKey'],
    pathParameters: z.object({ from: z.string().regex(/^\d{1,19}$/) }),
    query: z.object({ format: z.enum(['protobuf', 'json']).optional() }),
    headers: z.object({ 'If-None-Match': ifNoneMatch }),
    answers: { 200: { 'application/x-protobuf': binary, 'application/json': z.looseObject({}) }, 304: {} },
    errors: READ,
  },
  {
    method: 'get',
    path: '/api/v2/configs/eval-with-context/:context',
    operation: 'evaluateForBrowser',
    summary: 'Evaluates all configs that clients may see for contexts',
    tag: 'clients',
    security: ['serverKey', 'anyKey'],
    pathParameters: z.object({
      context: z
        .string()
        .min(1)
        .meta({ description: 'Base64 of {"contexts": [...]} as JSON, percent-encoded.' }),
    }),
    headers: z.object({ 'If-None-Match': ifNoneMatch }),
    answers: { 200: { 'application/json': z.looseObject({}) }, 304: {} },
    errors: READ,
  },
  ...['telemetry', 'known-loggers', 'context-shapes'].map((name): ClientOperation => ({
    method: 'post',
    path: `/api/v1/${name}`,
    operation: `report-${name}`,
    summary: 'Takes a report of an SDK, and keeps nothing of it',
    tag: 'clients',
    security: ['serverKey', 'anyKey'],
    body: { 'application/json': z.unknown(), 'application/x-protobuf': binary },
    answers: {
      200: { 'application/json': z.object({ success: z.boolean() }), 'application/x-protobuf': binary },
    },
    errors: [...READ, 'change_too_large'],
  })),
  {
    method: 'post',
    path: '/ofrep/v1/evaluate/flags',
    operation: 'evaluateFlags',
    summary: 'Evaluates all flags for a context (OpenFeature)',
    tag: 'openfeature',
    security: ['serverKey', 'anyKey', 'apiKeyHeader'],
    query: z.object({ flagConfigEtag: z.string().optional() }),
    headers: z.object({ 'If-None-Match': ifNoneMatch }),
    body: { 'application/json': ofrepRequest },
    answers: {
      200: { 'application/json': z.looseObject({ flags: z.array(z.looseObject({ key: z.string() })) }) },
      304: {},
    },
    errors: [...READ, 'targeting_key_missing', 'value_invalid', 'change_too_large'],
    errorForm: 'ofrep',
  },
  {
    method: 'post',
    path: '/ofrep/v1/evaluate/flags/:key',
    operation: 'evaluateFlag',
    summary: 'Evaluates one flag for a context (OpenFeature)',
    tag: 'openfeature',
    security: ['serverKey', 'anyKey', 'apiKeyHeader'],
    pathParameters: z.object({ key: z.string().min(1) }),
    body: { 'application/json': ofrepRequest },
    answers: { 200: { 'application/json': flagAnswer } },
    errors: [...READ, 'targeting_key_missing', 'value_invalid', 'not_found', 'change_too_large'],
    errorForm: 'ofrep',
  },
  {
    method: 'get',
    path: '/ofrep/v1/streams/:token',
    operation: 'streamNotifications',
    summary: 'Notifies a client when it should evaluate its flags again',
    tag: 'openfeature',
    pathParameters: z.object({ token: z.string().min(1) }),
    query: z.object({ at: z.string().optional() }),
    headers: z.object({ 'Last-Event-ID': z.string().optional() }),
    answers: { 200: eventStream },
    errors: STREAM,
    errorForm: 'ofrep',
  },
  {
    method: 'get',
    path: '/livez',
    operation: 'getLiveness',
    summary: 'Says that the process lives',
    tag: 'health',
    answers: { 200: { 'text/plain': z.string() } },
    errors: [],
  },
  {
    method: 'get',
    path: '/readyz',
    operation: 'getReadiness',
    summary: 'Says whether the process may get traffic, and the state of its parts',
    tag: 'health',
    answers: { 200: { 'application/json': readiness }, 503: { 'application/json': readiness } },
    errors: [],
  },
  {
    method: 'get',
    path: '/metrics',
    operation: 'getMetrics',
    summary: 'Reads metrics in the form of Prometheus',
    tag: 'health',
    answers: { 200: { 'text/plain': z.string() } },
    errors: [],
  },
  {
    method: 'get',
    path: '/openapi.json',
    operation: 'getOpenApi',
    summary: 'Reads this document',
    tag: 'health',
    answers: { 200: { 'application/json': z.looseObject({ openapi: z.string() }) } },
    errors: [],
  },
];

/** Builds the operations that are not administration: path, method, operation. */
export function clientOperations(schemas: SchemaCollector): [string, string, OpenApiPart][] {
  return OPERATIONS.map((each) => [openApiPath(each.path), each.method, operationOf(each, schemas)]);
}

function operationOf(from: ClientOperation, schemas: SchemaCollector): OpenApiPart {
  const {
    operation,
    summary,
    tag,
    security = [],
    pathParameters,
    query,
    headers,
    body,
    answers,
    errors,
  } = from;
  const parameters = [
    ...(pathParameters === undefined ? [] : parametersOf(pathParameters, 'path', schemas)),
    ...(query === undefined ? [] : parametersOf(query, 'query', schemas)),
    ...(headers === undefined ? [] : parametersOf(headers, 'header', schemas)),
  ];
  return {
    operationId: operation,
    summary,
    tags: [tag],
    security: security.map((name) => ({ [name]: [] })),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { content: mediaOf(body, schemas) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, media]) => [status, answerOf(status, media, schemas)]),
      ),
      ...errorResponses(errors, schemas, from.errorForm),
    },
  };
}

const DESCRIPTIONS: Readonly<Record<string, string>> = { 304: 'Not modified.', 503: 'Not ready.' };

function answerOf(
  status: string,
  media: Readonly<Record<string, z.ZodType>>,
  schemas: SchemaCollector,
): OpenApiPart {
  const description = DESCRIPTIONS[status] ?? 'Done.';
  return Object.keys(media).length === 0
    ? { description }
    : { description, content: mediaOf(media, schemas) };
}

function mediaOf(media: Readonly<Record<string, z.ZodType>>, schemas: SchemaCollector): OpenApiPart {
  return Object.fromEntries(
    Object.entries(media).map(([type, schema]) => [type, { schema: schemas.convert(schema) }]),
  );
}
