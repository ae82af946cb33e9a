/** The route of snapshots. */
import { Router } from 'express';
import { matchesEtag, snapshotHead, type SnapshotFormat } from '../cdn/snapshot.js';
import { HoldfastError } from '../core/errors.js';
import { eventLoop } from '../core/turns.js';
import type { Rulesets } from '../replica/rulesets.js';
import { envelopeJson } from '../ruleset/config-json.js';
import { parseVersion } from '../ruleset/version.js';
import { authenticateKey, basicPassword, SERVER_KEYS } from './authenticate.js';
import { currentRuleset, type CurrentRuleset } from './current.js';
import { compress } from './compress.js';
import { onlyMethods } from './errors.js';
import { queryOf, setHeaders, type RouteAnswer, type Asked } from './exchange.js';
import { inExpress, type HotRoute } from './hot-routes.js';
import { admitWithin } from './rate-limits.js';
import { jsonPieces, protobufLength, protobufPieces, sendPieces } from './pieces.js';

/** Builds the route of snapshots and deltas. */
export function snapshotRoute(rulesets: Rulesets): HotRoute {
  return {
    method: 'GET',
    path: '/api/v1/configs/:from',
    answer: async (request, response, parameter) => {
      compress(request, response);
      const text = basicPassword(request.headers.authorization);
      const key = await admitWithin(request, response, 'rate_limited', () =>
        authenticateKey(text, SERVER_KEYS, rulesets.keyring),
      );
      const from = readFrom(parameter);
      const format = readFormat(request);
      const current = await currentRuleset(rulesets, key.environment, response);
      await sendSnapshot(request, response, { current, from, format });
    },
  };
}

/** Builds the router of that route. */
export function snapshotRoutes(route: HotRoute): Router {
  const router = Router();
  router.route(route.path).get(inExpress(route)).all(onlyMethods('GET', 'HEAD'));
  return router;
}

interface SnapshotRequest {
  readonly current: CurrentRuleset;
  readonly from: bigint;
  readonly format: SnapshotFormat;
}

async function sendSnapshot(request: Asked, response: RouteAnswer, asked: SnapshotRequest): Promise<void> {
  const { current, from, format } = asked;
  const { ruleset, age } = current;
  if (answeredByEtag(request, response, asked)) return;
  const slices = await eventLoop.begin();
  // The version may have changed while the request waited for its slice. From here on it cannot:
  // what is sent is held, and configs do not change.
  const { etag, headers, contentType } = snapshotHead(ruleset, format, age);
  const configs = ruleset.delta(from);
  const { envelope } = ruleset;
  setHeaders(response, headers);
  response.setHeader('ETag', etag);
  response.setHeader('Content-Type', contentType);
  if (format === 'protobuf') {
    response.setHeader('Content-Length', protobufLength(configs, envelope));
    await sendPieces(response, protobufPieces(configs, envelope), slices);
  } else {
    const pieces = configs.length === 0 ? [`{${envelopeJson(envelope)}}`] : jsonPieces(configs, envelope);
    await sendPieces(response, pieces, slices);
  }
}

/**
 * Answers 304 to a client that has the present version, which costs nothing and so waits for no
 * slice.
 */
function answeredByEtag(
  request: Asked,
  response: RouteAnswer,
  { current: { ruleset, age }, format }: SnapshotRequest,
): boolean {
  const { etag, headers } = snapshotHead(ruleset, format, age);
  if (!matchesEtag(request.headers['if-none-match'], etag)) return false;
  setHeaders(response, headers);
  response.setHeader('ETag', etag);
  response.statusCode = 304;
  response.end();
  return true;
}

function readFrom(text: string): bigint {
  const from = parseVersion(text);
  if (from !== undefined) return from;
  throw new HoldfastError(
    'field_invalid',
    'from, the last part of the path, must be a version: 0 for everything, or the highest id that you have',
    { field: 'from' },
  );
}

function readFormat(request: Asked): SnapshotFormat {
  const { format } = queryOf(request);
  if (format === undefined || format === 'protobuf') return 'protobuf';
  if (format === 'json') return 'json';
  throw new HoldfastError('field_invalid', 'format must be json or protobuf', { field: 'format' });
}
