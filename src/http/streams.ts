/**
 * The routes of streams: subscribe, and the recovery link. Event streams begin in event-streams.ts.
 */
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { Router } from 'express';
import { HoldfastError } from '../core/errors.js';
import { eventLoop } from '../core/turns.js';
import { gripCarrier, instructHold } from '../grip/carrier.js';
import type { SignatureCheck, SignatureVerifier } from '../grip/signature.js';
import type { Stream } from '../grip/channels.js';
import type { FleetRecord } from '../fleet/record.js';
import type { NodeMetrics } from '../observe/node-metrics.js';
import type { Replica } from '../replica/replica.js';
import { claimedPosition } from '../subscribe/decide.js';
import type { Key } from '../store/store.js';
import type { DirectHolds } from '../subscribe/direct.js';
import { RECOVERY_PREFIX, type RecoveryLink } from '../subscribe/link.js';
import type { HeldReply, Subscriptions } from '../subscribe/subscriptions.js';
import { authenticateKey, basicPassword, SERVER_KEYS } from './authenticate.js';
import type { ClientAddressOf } from './client-addresses.js';
import { onlyMethods } from './errors.js';
import { setHeaders, type RouteAnswer, type Asked } from './exchange.js';
import { inExpress, type HotRoute } from './hot-routes.js';
import { noteStreamBegun } from './observe-requests.js';
import { sendPieces, type Pieces } from './pieces.js';
import { admitWithin } from './rate-limits.js';
import { openStream } from './stream-sink.js';

/** The collaborators of the routes of streams. */
export interface StreamParts {
  readonly replica: Replica;
  readonly subscriptions: Subscriptions;
  readonly directHolds: DirectHolds;
  readonly signatures: Pick<SignatureVerifier, 'verify'>;
  readonly link: RecoveryLink;
  /** Called for each answer over the recovery link that has something to send. */
  readonly onRecovered: () => void;
  readonly hold: 'auto' | 'grip' | 'direct';
  readonly addressOf: ClientAddressOf;
  readonly metrics: NodeMetrics;
  /** Takes the standing of each hold after an answer to its proxy. */
  readonly fleet: Pick<FleetRecord, 'note'>;
  /** The canary's key, and whether a text is that key. */
  readonly canary: { readonly key: Key; readonly isKey: (text: string | undefined) => boolean };
}

/** Nothing on the way may store, transform or buffer a stream. */
const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
};

/** Builds the routes of subscriptions and recovery. */
export function streamRoutes(parts: StreamParts): readonly HotRoute[] {
  const grip = streamGrip(parts);
  return [
    {
      method: 'GET',
      path: '/api/v1/sse/config',
      span: 'subscribe',
      answer: async (request, response) => {
        await grip(request, response);
        await subscribe(parts, request, response);
      },
    },
    {
      method: 'GET',
      path: `${RECOVERY_PREFIX}:token`,
      span: 'recovery',
      answer: async (request, response, token) => {
        // The path is checked first, which costs less: any client may try.
        if (!parts.link.accepts(token)) throw linkInvalid();
        await grip(request, response);
        await recover(parts, request, response);
      },
    },
  ];
}

/**
 * Builds the router of these routes. HEAD, which Express would answer as GET, is refused: a hold
 * without a body would never end.
 */
export function streamRouter(routes: readonly HotRoute[]): Router {
  const router = Router();
  for (const route of routes) {
    router.route(route.path).head(onlyMethods('GET')).get(inExpress(route)).all(onlyMethods('GET'));
  }
  return router;
}

async function subscribe(parts: StreamParts, request: Asked, response: RouteAnswer): Promise<void> {
  const password = basicPassword(request.headers.authorization);
  const { canary, replica } = parts;
  if (canary.isKey(password) && !isHeldByProxy(parts, request)) throw canaryWithoutProxy();
  const key = canary.isKey(password)
    ? canary.key
    : await admitWithin(request, response, 'busy', () =>
        authenticateKey(password, SERVER_KEYS, replica.keyring),
      );
  const position = claimedPosition(
    'configs',
    headerOf(request, 'last-event-id'),
    headerOf(request, 'x-prefab-start-at-id'),
  );
  await respondWithStream(parts, request, response, {
    key,
    stream: { kind: 'configs', environment: key.environment },
    position,
  });
}

/** An authorised request for a stream. */
export interface StreamRequest {
  /** A key of the stream's environment. */
  readonly key: Key;
  readonly stream: Stream;
  /** Where the client says that it stands. */
  readonly position: bigint;
}

/**
 * Responds with a stream, which is held by the proxy that the request came through, else by this
 * process.
 */
export async function respondWithStream(
  parts: StreamParts,
  request: Asked,
  response: RouteAnswer,
  { key, stream, position }: StreamRequest,
): Promise<void> {
  const { subscriptions, metrics } = parts;
  if (isHeldByProxy(parts, request)) {
    const reply = await subscriptions.hold(key, stream, position);
    if (key !== parts.canary.key) {
      metrics.subscribes.inc({ hold: 'grip', decision: reply.decision, stream: stream.kind });
    }
    response.locals.span?.set({ 'holdfast.hold': 'grip', 'holdfast.decision': reply.decision });
    noteStanding(parts, request, reply);
    await send(response, reply);
    return;
  }
  if (parts.hold === 'grip') throw directHoldRefused(checks.get(request));
  const address = parts.addressOf(request);
  const slot = parts.directHolds.admit({ keyId: key.id, stream: stream.kind, address });
  try {
    const decision = await subscriptions.standing(stream, position);
    metrics.subscribes.inc({ hold: 'direct', decision, stream: stream.kind });
    response.locals.span?.set({ 'holdfast.hold': 'direct', 'holdfast.decision': decision });
    // The client left while the store was asked; no later event would say so.
    if (response.destroyed) return;
    setHeaders(response, STREAM_HEADERS);
    openStream(response, (sink) => {
      noteStreamBegun(response);
      // A client ahead of the store is sent the whole ruleset, as if it had none.
      slot.open(sink, key, stream, decision === 'ahead' ? 0n : position);
    });
  } finally {
    slot.release();
  }
}

function isHeldByProxy({ hold }: StreamParts, request: Asked): boolean {
  return hold !== 'direct' && isProxied(request);
}

/** The canary is to measure what a proxy delivers; a direct hold would show nothing of it. */
function canaryWithoutProxy(): HoldfastError {
  return new HoldfastError(
    'direct_hold_refused',
    'the canary came to this node past the GRIP proxy, or this node gives no holds to it: HOLDFAST_CANARY must be the URL at which clients reach the proxy',
  );
}

function linkInvalid(): HoldfastError {
  return new HoldfastError(
    'link_invalid',
    'the recovery link is for GRIP proxies: they are given its path and sign their requests',
  );
}

/**
 * Answers for every value of HOLDFAST_HOLD: a node that now holds directly still serves the holds
 * that proxies have.
 */
async function recover(parts: StreamParts, request: Asked, response: RouteAnswer): Promise<void> {
  if (!isProxied(request)) throw linkInvalid();
  const reply = await parts.subscriptions.recover(request.headersDistinct['grip-last']);
  parts.metrics.recoveries.inc({ decision: reply.decision, stream: reply.stream });
  response.locals.span?.set({ 'holdfast.decision': reply.decision, 'holdfast.stream': reply.stream });
  if (reply.events.length > 0) parts.onRecovered();
  noteStanding(parts, request, reply);
  await send(response, reply);
}

function noteStanding(
  { fleet, canary }: StreamParts,
  request: IncomingMessage,
  { standing }: HeldReply,
): void {
  if (standing === undefined || standing.keyId === canary.key.id) return;
  const { stream, keyId, position } = standing;
  const proxy = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  fleet.note({ environment: stream.environment, keyId, proxy, stream: stream.kind, position });
}

/** The outcome of the check of each request's `Grip-Sig`, for as long as the request. */
const checks = new WeakMap<IncomingMessage, SignatureCheck>();

/**
 * Builds the step that every route of streams begins with. A request without `Grip-Sig` came past
 * every proxy, and has nothing to be checked.
 */
export function streamGrip({
  signatures,
}: StreamParts): (request: Asked, response: RouteAnswer) => Promise<void> {
  const carry = promisify(gripCarrier(signatures, (check, request) => void checks.set(request, check)));
  return async (request, response) => {
    if (request.headers['grip-sig'] !== undefined) await carry(request, response);
  };
}

/**
 * Builds the answer to a request that would need a direct hold where none are given. Without
 * `Grip-Sig` it came past the proxy, and a repetition would too. With one that does not count it
 * came through a proxy, and a clock or a key is wrong: 503, because that passes, and some SDKs that
 * get 501 stop streaming for the life of their process.
 */
function directHoldRefused(check: SignatureCheck | undefined): HoldfastError {
  if (check === undefined || check.kind === 'absent') {
    return new HoldfastError(
      'direct_hold_refused',
      'this installation holds no connections itself (HOLDFAST_HOLD=grip): subscribe through its GRIP proxy',
    );
  }
  const problem =
    check.kind === 'expired' || check.kind === 'not-yet-valid'
      ? 'the clocks of this node and of the proxy differ'
      : 'no configured proxy has its key and issuer';
  return new HoldfastError('signature_refused', `Grip-Sig does not count, because ${problem}: try again`);
}

/**
 * True when the request provably came through a configured proxy. Any other is a direct one,
 * whatever its headers.
 */
function isProxied(request: Asked): boolean {
  return request.grip?.isProxied === true;
}

/** Characters of a reply from which it is sent in slices of turns. */
const LONG = 256 * 1024;

async function send(response: RouteAnswer, { instructions, start, events }: HeldReply): Promise<void> {
  if (instructions !== undefined) instructHold(response, instructions);
  const length = events.reduce((sum, { size }) => sum + size, start.length);
  setHeaders(response, STREAM_HEADERS);
  response.setHeader('Content-Length', length);
  const texts = function* (): Pieces {
    yield start;
    for (const event of events) yield event.text();
  };
  if (length < LONG) response.end([...texts()].join(''));
  else await sendPieces(response, texts(), await eventLoop.begin());
}

/** Returns a header that a request has once; `undefined` for one that it lacks. */
export function headerOf(request: Asked, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
