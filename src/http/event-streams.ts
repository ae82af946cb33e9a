/**
 * The route of event streams, which notify clients to fetch their values again. [protocol]
 * #event-streams
 */
import { Router } from 'express';
import { HoldfastError } from '../core/errors.js';
import { CLIENT_SHARDS } from '../grip/channels.js';
import { ofrepFailureOf } from '../ofrep/errors.js';
import { STREAM_PREFIX } from '../ofrep/event-stream.js';
import type { Keyring } from '../keys/keyring.js';
import type { Key } from '../store/store.js';
import { claimedPosition } from '../subscribe/decide.js';
import type { StreamTokens } from '../subscribe/stream-token.js';
import { admitKey, ALL_KEYS } from './authenticate.js';
import { cors, methodsWith, pagesAllowed, type CorsRule } from './cors.js';
import { onlyMethods } from './errors.js';
import { queryOf, type RouteAnswer, type Asked, type ErrorBody } from './exchange.js';
import { inExpress, type HotRoute } from './hot-routes.js';
import { admitWithin } from './rate-limits.js';
import { headerOf, respondWithStream, streamGrip, type StreamParts } from './streams.js';

/** The collaborators of the route of event streams. */
export interface EventStreamParts extends StreamParts {
  readonly streamTokens: StreamTokens;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

const ofrepError: ErrorBody = (error) => ofrepFailureOf(error);

/** EventSource sends these headers without a preflight; other readers of streams may need one. */
const CORS: CorsRule = { methods: ['GET'], headers: ['Cache-Control', 'Last-Event-ID'] };

/** Builds the route of event streams. */
export function eventStreamRoute(parts: EventStreamParts): HotRoute {
  const grip = streamGrip(parts);
  const allowPages = pagesAllowed(CORS);
  return {
    method: 'GET',
    path: `${STREAM_PREFIX}:token`,
    span: 'subscribe',
    answer: async (request, response, token) => {
      allowPages(response);
      response.locals.errorBody = ofrepError;
      await grip(request, response);
      await subscribe(parts, request, response, token);
    },
  };
}

/** Builds the router of that route. HEAD is refused, as on the other streams. */
export function eventStreamRouter(route: HotRoute): Router {
  const router = Router();
  const methods = onlyMethods(...methodsWith(CORS));
  router
    .route(route.path)
    .all(cors(CORS), (_request, response, next) => {
      response.locals.errorBody = ofrepError;
      next();
    })
    .head(methods)
    .get(inExpress(route))
    .all(methods);
  return router;
}

async function subscribe(
  parts: EventStreamParts,
  request: Asked,
  response: RouteAnswer,
  token: string,
): Promise<void> {
  const key = await admitWithin(request, response, 'busy', () =>
    holderOf(token, parts.streamTokens, parts.replica.keyring),
  );
  const { at } = queryOf(request);
  const shard = Math.floor(CLIENT_SHARDS * parts.random());
  await respondWithStream(parts, request, response, {
    key,
    stream: { kind: 'clients', environment: key.environment, shard },
    position: claimedPosition(
      'clients',
      headerOf(request, 'last-event-id'),
      typeof at === 'string' ? at : undefined,
    ),
  });
}

/**
 * Returns the key that a token was issued for.
 *
 * @throws HoldfastError `unauthorized` when the token was not issued here, is too old, or its key
 * is revoked or gone; `store_unavailable`
 */
async function holderOf(token: string, tokens: StreamTokens, keyring: Keyring): Promise<Key> {
  const holder = tokens.read(token);
  if (holder === undefined) {
    throw new HoldfastError(
      'unauthorized',
      'the token in the path is not one that was issued within the last minutes: evaluate all flags again, the answer has a new one',
    );
  }
  const key = admitKey(await keyring.findById(holder.keyId), ALL_KEYS.kinds, keyring);
  keyring.noteUse(key);
  if (key.environment === holder.environment) return key;
  throw new HoldfastError('unauthorized', 'the token in the path is for another environment than its key');
}
