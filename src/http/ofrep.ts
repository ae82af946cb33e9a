/** The routes of OpenFeature's remote evaluation protocol. [protocol] #openfeature */
import { json, Router, type Request, type RequestHandler, type Response } from 'express';
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
import { limitBody } from './body-limit.js';
import { cors, methodsWith, type CorsRule } from './cors.js';
import { currentRuleset, setAgeHeaders } from './current.js';
import { notFound, onlyMethods, type ErrorBody } from './errors.js';
import { sendEvaluations, slicesFor } from './evaluation-slices.js';
import { noteKey } from './request-facts.js';
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

const KEYS: KeyRule = { ...ALL_KEYS, sent: `in X-API-Key, as a bearer token, or ${ALL_KEYS.sent}` };

/** The collaborators, and the state that the routes share. */
interface Parts extends OfrepParts {
  readonly answers: FlagAnswers;
}

/** Builds the routes of OFREP: one flag, and all flags. */
export function ofrepRoutes(given: OfrepParts): Router {
  const router = Router();
  const parts: Parts = { ...given, answers: new FlagAnswers() };
  const read = [
    knownKey(parts.rulesets),
    limitBody(BODY_MAX_BYTES),
    json({ limit: BODY_MAX_BYTES, type: () => true }),
  ];
  router.use(PREFIX, cors(CORS), errorsOfAll);
  router.use(restAsOneSegment(FLAGS));
  router
    .route(`${FLAGS}:key`)
    .all(errorsOfOne)
    .post(...read, (request, response) => answerOne(parts, request, response, request.params.key))
    .all(onlyMethods(...methodsWith(CORS)));
  router
    .route('/ofrep/v1/evaluate/flags')
    .all(errorsOfEmptyKey)
    .post(...read, (request, response) =>
      hasEmptyKey(request) ? answerOne(parts, request, response, '') : answerAll(parts, request, response),
    )
    .all(onlyMethods(...methodsWith(CORS)));
  // Event streams are here too, in a router before this one; nothing else is.
  router.use(PREFIX, errorsOfNoRoute, notFound);
  return router;
}

const errorsOfOne: RequestHandler<{ key: string }> = ({ params }, response, next) => {
  response.locals.errorBody = ((error) => ofrepFailureOf(error, params.key)) satisfies ErrorBody;
  next();
};

const errorsOfAll: RequestHandler = (_request, response, next) => {
  response.locals.errorBody = ((error) => ofrepFailureOf(error)) satisfies ErrorBody;
  next();
};

/** The path of one flag with an empty key is that of all flags with a slash behind it. */
const errorsOfEmptyKey: RequestHandler = (request, response, next) => {
  if (hasEmptyKey(request)) {
    response.locals.errorBody = ((error) => ofrepFailureOf(error, '')) satisfies ErrorBody;
  }
  next();
};

function hasEmptyKey(request: Request): boolean {
  return request.path.endsWith('/');
}

/** A path that is no route is not a flag that is missing. */
const errorsOfNoRoute: RequestHandler = (_request, response, next) => {
  response.locals.errorBody = (({ message }) => ({
    errorCode: 'GENERAL',
    errorDetails: message,
  })) satisfies ErrorBody;
  next();
};

/** Authenticates before the body is read, so that a request without a key costs little. */
function knownKey({ keyring }: Rulesets): RequestHandler {
  return async ({ headers }, response, next) => {
    const { 'x-api-key': own = '', authorization } = headers;
    const text = typeof own === 'string' && own !== '' ? own : apiKeyOf(authorization);
    response.locals.key = noteKey(response, await authenticateKey(text, KEYS, keyring));
    next();
  };
}

async function answerOne(parts: Parts, request: Request, response: Response, key: string): Promise<void> {
  const { ruleset } = await currentRuleset(parts.rulesets, keyOf(response).environment, response);
  const query = await queryOf(parts, request, ruleset);
  const answer = evaluateFlag(query, key);
  if (answer.kind === 'failure') throw answer.error;
  if (answer.kind === 'none') throw noFlag(key, answer.why);
  send(response, flagBody(answer, query.ignored));
}

async function answerAll(parts: Parts, request: Request, response: Response): Promise<void> {
  const key = keyOf(response);
  const notified = readFlagConfigEtag(request.query.flagConfigEtag);
  for (let attempt = 1; ; attempt++) {
    const ruleset = await rulesetFor(parts.rulesets, key.environment, notified, response);
    const query = { ...(await queryOf(parts, request, ruleset)), now: timeFor(parts.now(), notified) };
    const { clientVersion } = ruleset;
    const streams = streamsOf(parts, key, currentPosition(ruleset, query.now));
    const { etag, body } = evaluateFlags(query, clientVersion, streams);
    response.set('ETag', etag);
    if (matchesEtag(request.headers['if-none-match'], etag)) {
      response.status(304).set('Cache-Control', 'no-store').end();
      return;
    }
    const slices = await slicesFor(attempt);
    const text = await body(slices);
    if (text === undefined) continue;
    response.set('Cache-Control', 'no-store');
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
  response: Response,
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

async function queryOf(
  { evaluators, answers, metrics, now }: Parts,
  request: Request,
  ruleset: Ruleset,
): Promise<FlagQuery> {
  return {
    evaluator: await evaluators.of(ruleset),
    answers,
    ...readOfrepContexts(request.body),
    now: now(),
    onUnresolved: (why) => metrics.unresolved.inc({ why }),
  };
}

function keyOf(response: Response): KnownKey {
  return (response.locals as { key: KnownKey }).key;
}

function send(response: Response, body: string): void {
  response.status(200).set('Cache-Control', 'no-store').type('application/json').send(body);
}
