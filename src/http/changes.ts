/** The route of changes: `POST /environments/:id/changes`. [protocol] #changes */
import { runInTurns } from '../core/steps.js';
import { raw, Router, type Request } from 'express';
import type { CommitRequest, Committer } from '../commit/committer.js';
import { CHANGE_MAX_BYTES } from '../commit/limits.js';
import { digestOf, changeSteps, REQUEST_KEY_MAX } from '../commit/request.js';
import { HoldfastError } from '../core/errors.js';
import { parseVersion } from '../ruleset/version.js';
import { limitBody } from './body-limit.js';
import { onlyMethods } from './errors.js';
import { environmentId } from './params.js';

const PROTOBUF_TYPES = new Set([
  'application/x-protobuf',
  'application/protobuf',
  'application/vnd.google.protobuf',
]);

/** Builds the route that commits changes; part of the administration router. */
export function changeRoutes(committer: Committer): Router {
  const router = Router();
  router
    .route('/environments/:id/changes')
    .post(
      limitBody(CHANGE_MAX_BYTES),
      raw({ limit: CHANGE_MAX_BYTES, type: () => true }),
      async (request, response) => {
        const answer = await committer.commit(await readRequest(request));
        response.set('ETag', `"${answer.version}"`).json(answer);
      },
    )
    .all(onlyMethods('POST'));
  return router;
}

async function readRequest(request: Request): Promise<CommitRequest> {
  // Without a body the parser leaves `request.body` undefined.
  const body: unknown = request.body;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const form = PROTOBUF_TYPES.has(type) ? 'protobuf' : 'json';
  const ifVersion = readIfMatch(request.headers['if-match']);
  const environment = environmentId(request);
  const key = readIdempotencyKey(request.headersDistinct['idempotency-key']);
  const digest = digestOf(form, environment, ifVersion, bytes);
  return {
    environment,
    configs: await runInTurns(
      changeSteps(form, bytes, {
        subject: 'the body',
        protobuf: 'protobuf with Content-Type: application/x-protobuf',
      }),
    ),
    ifVersion,
    idempotency: key === undefined ? undefined : { key, digest, field: 'Idempotency-Key' },
  };
}

/**
 * `If-Match: "<version>"`, quotes as HTTP wants them; `*` is any version. A weak one names the same
 * version here: what compresses an answer on its way makes its ETag weak.
 */
function readIfMatch(header: string | undefined): bigint | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const version = parseVersion(/^(?:W\/)?"?(\d+)"?$/.exec(header.trim())?.[1]);
  if (version === undefined) {
    throw new HoldfastError(
      'field_invalid',
      'If-Match must be one version in quotes, such as If-Match: "1700000000000000"',
      {
        field: 'If-Match',
      },
    );
  }
  return version;
}

function readIdempotencyKey(values: readonly string[] | undefined): string | undefined {
  const key = values?.[0];
  if (key === undefined) return undefined;
  if (values?.length !== 1 || key.length === 0 || key.length > REQUEST_KEY_MAX) {
    throw new HoldfastError(
      'field_invalid',
      `Idempotency-Key must be one text of 1 to ${REQUEST_KEY_MAX} characters`,
      {
        field: 'Idempotency-Key',
      },
    );
  }
  return key;
}
