/** The routes of OpenFeature's remote evaluation protocol. [protocol] #openfeature */
import { Router, type Request, type RequestHandler } from 'express';
import { HoldfastError } from '../core/errors.js';
import { currentPosition } from '../evaluate/client-boundaries.js';
import type { Evaluators } from '../evaluate/evaluators.js';
import type { ProcessMetrics } from '../observe/process-metrics.js';
import { flagBody, FlagAnswers, noFlag } from '../ofrep/answer.js';
import { readOfrepContexts } from '../ofrep/contexts.js';
import { ofrepFailureOf } from '../ofrep/errors.js';
import { readFlagConfigEtag } from '../ofrep/etag.js';
import { evaluateFlags, evaluateFlag, type FlagQuery } from '../ofrep/evaluate.js';
import { eventStream, type EventStream } from '../ofrep/event-stream.js';
import { lostEnvironment } from '../replica/missing.js';
import type { KnownKey, Rulesets } from '../replica/rulesets.js';
import { boundaryOfPosition, CLOCK_TOLERANCE_MS, versionOfPosition } from '../ruleset/client-position.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import { matchesEtag } from '../cdn/snapshot.js';
import type { StreamTokens } from '../subscribe/stream-token.js';
import { ALL_KEYS, apiKeyOf, authenticateKey, type KeyRule } from './authenticate.js';
import { COMPRESSED_FROM, compress, varyByEncoding } from './compress.js';
import { cors, methodsWith, pagesAllowed, type CorsRule } from './cors.js';
import { currentRuleset, setAgeHeaders } from './current.js';
import { notFound, onlyMethods } from './errors.js';
import { queryOf, sendJsonText, type RouteAnswer, type Asked, type ErrorBody } from './exchange.js';
import { answerBy, inExpress, type HotRoute } from './hot-routes.js';
import { jsonReader } from './read-json.js';
import { sendEvaluations, slicesFor } from './evaluation-slices.js';
import { admitWithin } from './rate-limits.js';
import { restAsOneSegment } from './rest-of-path.js';

/** The collaborators of the OFREP routes. */
export interface OfrepParts {
  readonly rulesets: Rulesets;
  readonly evaluators: Evaluators;
  /** Opens event streams; absent where there are none. */
  readonly streamTokens?: StreamTokens;
  /** The base URL of event streams, where that is not the origin that answers with values. */
  readonly streamUrl?: string | undefined;
  readonly metrics: ProcessMetrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * A context is about one user; 64 KiB is plenty, and the limit of every body that is not a change.
 */
const BODY_MAX_BYTES = 64 * 1024;

const CORS: CorsRule = {
  methods: ['POST'],
  headers: ['Authorization', 'Content-Type', 'If-None-Match', 'X-API-Key'],
  exposed: ['ETag', 'Retry-After'],
};

/** The prefix of everything that speaks OFREP: all of it has CORS, and errors in OFREP's form. */
const PREFIX = '/ofrep/v1';

/** The path of single flags; the key follows, which may have slashes. */
const FLAGS = '/ofrep/v1/evaluate/flags/';

/** The path of all flags. */
const ALL_FLAGS = '/ofrep/v1/evaluate/flags';

const readBody = jsonReader(BODY_MAX_BYTES);

const KEYS: KeyRule = { ...ALL_KEYS, sent: `in X-API-Key, as a bearer token, or ${ALL_KEYS.sent}` };

/** The collaborators, and the state that the routes share. */
interface Parts extends OfrepParts {
  readonly answers: FlagAnswers;
}

/** Builds the routes of OFREP: one flag, and all flags. */
export function ofrepRoutes(given: OfrepParts): OfrepRoutes {
  const parts: Parts = { ...given, answers: new FlagAnswers() };
  const allowPages = pagesAllowed(CORS);
  return {
    one: {
      method: 'POST',
      path: `${FLAGS}:key`,
      takesRest: true,
      span: 'evaluate',
      answer: async (request, response, key) => {
        allowPages(response);
        await answerOne(parts, request, response, key);
      },
    },
    all: {
      method: 'POST',
      path: ALL_FLAGS,
      span: 'evaluate',
      answer: async (request, response) => {
        allowPages(response);
        await answerAll(parts, request, response);
      },
    },
  };
}

/** The routes of OFREP. */
export interface OfrepRoutes {
  readonly one: HotRoute;
  readonly all: HotRoute;
}

/** Builds the router of these routes, and of all else that begins as they do. */
export function ofrepRouter({ one, all }: OfrepRoutes): Router {
  const router = Router();
  router.use(PREFIX, cors(CORS), errorsAs(errorOfAll));
  router.use(restAsOneSegment(FLAGS));
  router
    .route(one.path)
    .all((request, response, next) => {
      response.locals.errorBody = errorOfOne((request.params as { key: string }).key);
      next();
    })
    .post(inExpress(one))
    .all(onlyMethods(...methodsWith(CORS)));
  router
    .route(all.path)
    .all((request, response, next) => {
      if (hasEmptyKey(request)) response.locals.errorBody = errorOfOne('');
      next();
    })
    .post((request, response) => answerBy(hasEmptyKey(request) ? one : all, request, response, ''))
    .all(onlyMethods(...methodsWith(CORS)));
  // Event streams are here too, in a router before this one; nothing else is.
  router.use(PREFIX, errorsAs(errorOfNoRoute), notFound);
  return router;
}

function errorsAs(form: ErrorBody): RequestHandler {
  return (_request, response, next) => {
    response.locals.errorBody = form;
    next();
  };
}

function errorOfOne(key: string): ErrorBody {
  return (error) => ofrepFailureOf(error, key);
}

const errorOfAll: ErrorBody = (error) => ofrepFailureOf(error);

/** A path that is no route is not a flag that is missing. */
const errorOfNoRoute: ErrorBody = ({ message }) => ({ errorCode: 'GENERAL', errorDetails: message });

/** The path of one flag with an empty key is that of all flags with a slash behind it. */
function hasEmptyKey(request: Request): boolean {
  return request.path.endsWith('/');
}

/** Authenticates before the body is read, so that a request without a key costs little. */
function knownKey({ keyring }: Rulesets, request: Asked, response: RouteAnswer): Promise<KnownKey> {
  const { 'x-api-key': own = '', authorization } = request.headers;
  const text = typeof own === 'string' && own !== '' ? own : apiKeyOf(authorization);
  return admitWithin(request, response, 'rate_limited', () => authenticateKey(text, KEYS, keyring));
}

async function answerOne(parts: Parts, request: Asked, response: RouteAnswer, key: string): Promise<void> {
  response.locals.errorBody = errorOfOne(key);
  varyByEncoding(response);
  const { environment } = await knownKey(parts.rulesets, request, response);
  const body = await readBody(request, response);
  const { ruleset } = await currentRuleset(parts.rulesets, environment, response);
  const query = await queryFor(parts, body, ruleset);
  const answer = evaluateFlag(query, key);
  if (answer.kind === 'failure') throw answer.error;
  if (answer.kind === 'none') throw noFlag(key, answer.why);
  const text = flagBody(answer, query.ignored);
  response.setHeader('Cache-Control', 'no-store');
  if (text.length >= COMPRESSED_FROM) compress(request, response);
  sendJsonText(response, text);
}

async function answerAll(parts: Parts, request: Asked, response: RouteAnswer): Promise<void> {
  response.locals.errorBody = errorOfAll;
  compress(request, response);
  const key = await knownKey(parts.rulesets, request, response);
  const asked = await readBody(request, response);
  const notified = readFlagConfigEtag(queryOf(request).flagConfigEtag);
  for (let attempt = 1; ; attempt++) {
    const ruleset = await rulesetFor(parts.rulesets, key.environment, notified, response);
    const query = { ...(await queryFor(parts, asked, ruleset)), now: timeFor(parts.now(), notified) };
    const { clientVersion } = ruleset;
    const streams = streamsOf(parts, key, currentPosition(ruleset, query.now));
    const { etag, body } = evaluateFlags(query, clientVersion, streams);
    response.setHeader('ETag', etag);
    if (matchesEtag(request.headers['if-none-match'], etag)) {
      response.setHeader('Cache-Control', 'no-store');
      response.statusCode = 304;
      response.end();
      return;
    }
    const slices = await slicesFor(attempt);
    const text = await body(slices);
    if (text === undefined) continue;
    response.setHeader('Cache-Control', 'no-store');
    await sendEvaluations(response, text.pieces, text.flags, slices);
    return;
  }
}

/**
 * The ruleset to answer from.
 *
 * @param notified the position that an event stream notified the provider of: an older answer would
 * be taken for the new one, and no further notification would correct it
 */
async function rulesetFor(
  rulesets: Rulesets,
  environment: bigint,
  notified: bigint | undefined,
  response: RouteAnswer,
): Promise<Ruleset> {
  const { ruleset: present } = await currentRuleset(rulesets, environment, response);
  if (notified === undefined) return present;
  const version = versionOfPosition(notified);
  if (version <= present.clientVersion) return present;
  const asked = await rulesets.confirmed(environment);
  if (asked === undefined) throw lostEnvironment(environment);
  if (!asked.confirmed && asked.ruleset.clientVersion < version) {
    throw new HoldfastError(
      'store_unavailable',
      'that change has not arrived here yet, and the store cannot be asked for it',
    );
  }
  setAgeHeaders(rulesets, environment, response);
  return asked.ruleset;
}

/**
 * The time to evaluate for: that of this node's clock, or a little later when the provider was
 * notified of a time boundary by a node whose clock is ahead.
 */
function timeFor(now: number, notified: bigint | undefined): number {
  const boundary = notified === undefined ? 0 : boundaryOfPosition(notified);
  return boundary > now && boundary <= now + CLOCK_TOLERANCE_MS ? boundary : now;
}

function streamsOf({ streamTokens, streamUrl }: OfrepParts, key: KnownKey, position: bigint): EventStream[] {
  return streamTokens === undefined ? [] : [eventStream(streamTokens.issue(key), position, streamUrl)];
}

async function queryFor(
  { evaluators, answers, metrics, now }: Parts,
  body: unknown,
  ruleset: Ruleset,
): Promise<FlagQuery> {
  return {
    evaluator: await evaluators.of(ruleset),
    answers,
    ...readOfrepContexts(body),
    now: now(),
    onUnresolved: (why) => metrics.unresolved.inc({ why }),
  };
}
