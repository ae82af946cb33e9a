/** The route of changes: `POST /environments/:id/changes`. [protocol] #changes */
import { z } from 'zod';
import { CHANGE_MAX_BYTES } from '../../commit/limits.js';
import { changeSteps, digestOf, REQUEST_KEY_MAX } from '../../commit/request.js';
import { runInTurns } from '../../core/steps.js';
import { parseVersion } from '../../ruleset/version.js';
import { attribution, messageHeader } from './attribution.js';
import { previewAnswer, previewJson } from './differences.js';
import { idText } from './input.js';
import { adminRoute } from './route.js';

const PROTOBUF = 'application/x-protobuf';
const PROTOBUF_TYPES = new Set([PROTOBUF, 'application/protobuf', 'application/vnd.google.protobuf']);

const IF_MATCH_RULE = 'must be one version in quotes, such as If-Match: "1700000000000000"';
const REQUEST_KEY_RULE = `must be one text of 1 to ${REQUEST_KEY_MAX} characters`;

/**
 * `If-Match: "<version>"`, quotes as HTTP wants them; `*` is any version. A weak one names the same
 * version here: what compresses an answer on its way makes its ETag weak.
 */
export const ifMatchHeader = z
  .string(IF_MATCH_RULE)
  .transform((header, context) => {
    if (header.trim() === '*') return undefined;
    const version = parseVersion(/^(?:W\/)?"?(\d+)"?$/.exec(header.trim())?.[1]);
    if (version !== undefined) return version;
    context.issues.push({ code: 'custom', message: IF_MATCH_RULE, input: header });
    return z.NEVER;
  })
  .optional()
  .meta({ description: 'Commits only at this version: the ETag of configs or of a change.' });

/** The key under which a repeat of a request gets the first answer. */
const idempotencyKeyHeader = z
  .string(REQUEST_KEY_RULE)
  .min(1, REQUEST_KEY_RULE)
  .max(REQUEST_KEY_MAX, REQUEST_KEY_RULE)
  .optional()
  .meta({ description: 'A repeat with the same key within 24 hours gets the first answer.' });

/** Whether a change is only shown. */
const dryRunParameter = z
  .enum(['true', 'false'], 'must be true or false')
  .default('false')
  .transform((value) => value === 'true')
  .meta({ description: 'Answers with the differences, and commits nothing.' });

/** The answer to a committed change. */
export const changeAnswer = z
  .object({
    previous: idText,
    version: idText,
    configs: z.array(z.object({ key: z.string(), id: idText })).readonly(),
    absent: z.array(z.string()).readonly().optional(),
    unchanged: z.literal(true).optional(),
  })
  .meta({ id: 'Committed' });

/** The route that commits changes. */
export const CHANGE_ROUTES = [
  adminRoute({
    method: 'POST',
    path: '/environments/:id/changes',
    operation: 'commitChange',
    role: 'editor',
    audit: 'repeatable',
    scope: 'environment',
    summary: 'Commits configs to an environment: all of them or none',
    headers: z.object({
      'If-Match': ifMatchHeader,
      'Idempotency-Key': idempotencyKeyHeader,
      'Holdfast-Message': messageHeader,
    }),
    query: z.object({ dryRun: dryRunParameter }),
    body: {
      raw: true,
      limit: CHANGE_MAX_BYTES,
      content: {
        'application/json': z.strictObject({
          configs: z.array(z.looseObject({ key: z.string() })),
        }),
        [PROTOBUF]: 'bytes',
      },
    },
    answers: { 200: z.union([changeAnswer, previewAnswer]) },
    answerHeaders: { ETag: 'The new version, in quotes.' },
    errors: [
      'version_mismatch',
      'idempotency_mismatch',
      'id_conflict',
      'config_too_large',
      'too_many_configs',
      'busy',
    ],
    handle: async ({ operator, environment, query, headers, body, note }, response, { committer }) => {
      const { bytes, contentType } = body;
      const form = PROTOBUF_TYPES.has(contentType) ? 'protobuf' : 'json';
      const { 'If-Match': ifVersion, 'Idempotency-Key': key, 'Holdfast-Message': message } = headers;
      const digest = digestOf(form, environment, ifVersion, bytes);
      const configs = await runInTurns(
        changeSteps(form, bytes, {
          subject: 'the body',
          protobuf: `protobuf with Content-Type: ${PROTOBUF}`,
        }),
      );
      const by = attribution(operator, 'http', message);
      if (query.dryRun) {
        const preview = await committer.preview({ environment, by, configs, ifVersion });
        response.set('ETag', `"${preview.version}"`).json(await previewJson(preview));
        return;
      }
      const answer = await committer.commit({
        environment,
        by,
        configs,
        ifVersion,
        idempotency: key === undefined ? undefined : { key, digest, field: 'Idempotency-Key' },
      });
      note({ details: { version: answer.version } });
      response.set('ETag', `"${answer.version}"`).json(answer);
    },
  }),
];
