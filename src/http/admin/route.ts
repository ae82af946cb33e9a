/**
 * The declaration of a route of administration. From it come the Express router with its role check
 * and its validation (router.ts), and the OpenAPI document. [protocol] #operators
 */
import type { Response } from 'express';
import type { z } from 'zod';
import type { ErrorCode } from '../../core/errors.js';
import type { AuditNote } from '../../operators/audit-trail.js';
import type { Operator, OperatorRole } from '../../store/operators.js';
import type { AdminParts } from './parts.js';

/**
 * The environments that a route touches:
 *
 * - `environment`: the one that its path names as `:id`. The router reads it, and refuses operators
 *   that do not reach it.
 * - `installation`: more than environments, or all of them. Refused to operators with a list.
 * - `own`: the handler answers with those that the operator reaches, and with nothing of others.
 */
export type RouteScope = 'environment' | 'installation' | 'own';

/** A body that the handler reads itself, as bytes. */
export interface RawBody {
  readonly raw: true;
  readonly limit: number;
  /** For the OpenAPI document: schemas by media type. `bytes` is a binary body. */
  readonly content: Readonly<Record<string, z.ZodType | 'bytes'>>;
}

/** Parameters, query or headers: text by name. */
export type FieldSchema = z.ZodObject;

/** The body of a request: a JSON object by its schema, bytes, or none. */
export type BodySchema = z.ZodType | RawBody | undefined;

/** The bodies of the answers that are no errors, by status. `z.undefined()`: an answer without one. */
export type AnswerSchemas = Readonly<Record<number, z.ZodType>>;

type BodyOf<B extends BodySchema> = B extends z.ZodType
  ? z.output<B>
  : B extends RawBody
    ? { readonly bytes: Buffer; readonly contentType: string }
    : undefined;

/** A request as a handler gets it: everything in it was validated. */
export interface AdminRequest<S, P, Q, H, B> {
  readonly operator: Operator;
  /** The environment in the path. */
  readonly environment: S extends 'environment' ? bigint : undefined;
  readonly params: P;
  readonly query: Q;
  readonly headers: H;
  readonly body: B;
  /** Adds to the entry of the audit trail that the router writes when the request succeeds. */
  readonly note: (facts: Partial<Pick<AuditNote, 'environment' | 'subject' | 'details'>>) => void;
}

/** A route as its family declares it. */
export interface RouteDeclaration<
  S extends RouteScope,
  P extends FieldSchema,
  Q extends FieldSchema,
  H extends FieldSchema,
  B extends BodySchema,
  A extends AnswerSchemas,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/admin/v1`, in the form of Express. */
  readonly path: string;
  /** Its name in the OpenAPI document, unique. */
  readonly operation: string;
  readonly role: OperatorRole;
  /** A lower role that is enough for a dry run, asked for by the member `dryRun` of the body. */
  readonly dryRunRole?: OperatorRole;
  readonly scope: S;
  /** `none`: no token is needed, and the operator is one that may do nothing. */
  readonly credential?: 'none';
  /** One sentence without an end: "Lists environments". */
  readonly summary: string;
  /** The parameters of the path but for `:id` of scope `environment`. */
  readonly params?: P;
  /** A parameter that the schema lacks is refused, so that a misspelt one is noticed. */
  readonly query?: Q;
  /** Names as they are written, such as `If-Match`. Other headers are left alone. */
  readonly headers?: H;
  readonly body?: B;
  readonly answers: A;
  /** The headers of those answers that matter, with a sentence each. */
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** The media type of the answers. Default: JSON. */
  readonly answerType?: 'text/event-stream';
  /** The codes of errors beyond those of every route of its kind. */
  readonly errors?: readonly ErrorCode[];
  /**
   * False: nothing is done, so no entry of the audit trail. `repeatable`: repetitions within a
   * minute are one. GET and dry runs have none.
   */
  readonly audit?: false | 'repeatable';
  readonly handle: (
    request: AdminRequest<S, z.output<P>, z.output<Q>, z.output<H>, BodyOf<B>>,
    response: Response<z.input<A[keyof A]>>,
    parts: AdminParts,
  ) => Promise<void> | void;
}

/** A route with the types of its schemas forgotten, as a table holds it. */
export interface AdminRoute extends Omit<
  RouteDeclaration<RouteScope, FieldSchema, FieldSchema, FieldSchema, BodySchema, AnswerSchemas>,
  'handle'
> {
  readonly handle: (
    request: AdminRequest<RouteScope, unknown, unknown, unknown, unknown>,
    response: Response,
    parts: AdminParts,
  ) => Promise<void> | void;
}

// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- the type of no parameters
type None = z.ZodObject<{}>;

/** Declares a route. Types of the handler's request and answer come from the schemas. */
export function adminRoute<
  const S extends RouteScope,
  A extends AnswerSchemas,
  P extends FieldSchema = None,
  Q extends FieldSchema = None,
  H extends FieldSchema = None,
  B extends BodySchema = undefined,
>(route: RouteDeclaration<S, P, Q, H, B, A>): AdminRoute {
  return route as unknown as AdminRoute;
}
