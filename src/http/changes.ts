/** The route of changes: `POST /environments/:id/changes`. [protocol] #changes */
import { createHash } from 'node:crypto';
import { raw, Router, type Request } from 'express';
import type { CommitRequest, Committer } from '../commit/committer.js';
import { CHANGE_MAX_BYTES } from '../commit/plan.js';
import { HoldfastError, messageOf } from '../errors.js';
import { readSubmittedJson, readSubmittedProtobuf, type SubmittedConfig } from '../ruleset/submitted.js';
import { parseVersion } from '../ruleset/version.js';
import { onlyMethods } from './errors.js';
import { environmentId } from './params.js';

const PROTOBUF_TYPES = new Set([
  'application/x-protobuf',
  'application/protobuf',
  'application/vnd.google.protobuf',
]);
const IDEMPOTENCY_KEY_MAX = 255;

export function changeRoutes(committer: Committer): Router {
  const router = Router();
  router
    .route('/environments/:id/changes')
    .post(raw({ limit: CHANGE_MAX_BYTES, type: () => true }), async (request, response) => {
      const answer = await committer.commit(readRequest(request));
      response.set('ETag', `"${answer.version}"`).json(answer);
    })
    .all(onlyMethods('POST'));
  return router;
}

function readRequest(request: Request): CommitRequest {
  // Without a body the parser leaves something else than bytes.
  const body: unknown = request.body;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  const protobuf = PROTOBUF_TYPES.has(
    (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
  );
  const ifVersion = readIfMatch(request.headers['if-match']);
  const environment = environmentId(request);
  const digest = createHash('sha256')
    .update(`${protobuf ? 'protobuf' : 'json'} ${environment} ${ifVersion ?? ''}\n`)
    .update(bytes)
    .digest('hex');
  const key = readIdempotencyKey(request.headersDistinct['idempotency-key']);
  return {
    environment,
    configs: protobuf ? readSubmittedProtobuf(bytes) : readJson(bytes),
    ifVersion,
    idempotency: key === undefined ? undefined : { key, digest },
  };
}

function readJson(bytes: Buffer): SubmittedConfig[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new HoldfastError(
      'body_invalid',
      `the body is not JSON (${messageOf(error)}): send {"configs": [...]}, or protobuf with Content-Type: application/x-protobuf`,
      { cause: error },
    );
  }
  return readSubmittedJson(value);
}

/** `If-Match: "<version>"`, quotes as HTTP wants them; `*` is any version. */
function readIfMatch(header: string | undefined): bigint | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const version = parseVersion(/^"?(\d+)"?$/.exec(header.trim())?.[1]);
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
  if (values?.length !== 1 || key.length === 0 || key.length > IDEMPOTENCY_KEY_MAX) {
    throw new HoldfastError(
      'field_invalid',
      `Idempotency-Key must be one text of 1 to ${IDEMPOTENCY_KEY_MAX} characters`,
      {
        field: 'Idempotency-Key',
      },
    );
  }
  return key;
}
