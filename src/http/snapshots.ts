/** The route of snapshots. */
import { Router, type Request, type Response } from 'express';
import { HoldfastError } from '../core/errors.js';
import type { Rulesets } from '../replica/rulesets.js';
import { parseVersion } from '../ruleset/version.js';
import { matchesEtag, snapshot, type SnapshotFormat } from '../cdn/snapshot.js';
import { authenticateKey, basicPassword, SERVER_KEYS } from './authenticate.js';
import { currentRuleset } from './current.js';
import { onlyMethods } from './errors.js';

/** Builds the route of snapshots and deltas. */
export function snapshotRoutes(rulesets: Rulesets): Router {
  const router = Router();
  router
    .route('/api/v1/configs/:from')
    .get(async (request, response) => {
      const key = await authenticateKey(
        basicPassword(request.headers.authorization),
        SERVER_KEYS,
        rulesets.keyring,
      );
      const from = parseVersion(request.params.from);
      if (from === undefined) {
        throw new HoldfastError(
          'field_invalid',
          'from, the last part of the path, must be a version: 0 for everything, or the highest id that you have',
          {
            field: 'from',
          },
        );
      }
      const { ruleset, age } = await currentRuleset(rulesets, key.environment, response);
      sendSnapshot(request, response, snapshot(ruleset, from, format(request), age));
    })
    .all(onlyMethods('GET', 'HEAD'));
  return router;
}

function sendSnapshot(request: Request, response: Response, found: ReturnType<typeof snapshot>): void {
  response.set(found.headers).set('ETag', found.etag);
  if (matchesEtag(request.headers['if-none-match'], found.etag)) {
    response.status(304).end();
    return;
  }
  const body = found.body();
  response.status(200).type(found.contentType).send(Buffer.from(body));
}

function format(request: Request): SnapshotFormat {
  const { format: asked } = request.query;
  if (asked === undefined || asked === 'protobuf') return 'protobuf';
  if (asked === 'json') return 'json';
  throw new HoldfastError('field_invalid', 'format must be json or protobuf', { field: 'format' });
}
