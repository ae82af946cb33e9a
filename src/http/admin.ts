/** The routes of administration. Environments and keys are here, changes in changes.ts. */
import { json, Router, type Request } from 'express';
import { z } from 'zod';
import type { Committer } from '../commit/committer.js';
import { restore } from '../recovery/restore.js';
import { HoldfastError } from '../core/errors.js';
import { eventLoop } from '../core/turns.js';
import { issueKey } from '../keys/issue-key.js';
import { unknownEnvironment } from '../replica/missing.js';
import type { Replica } from '../replica/replica.js';
import { decodeContextSet, encodeContextSet } from '../ruleset/codec.js';
import { readContextSetJson } from '../ruleset/json.js';
import { parseVersion } from '../ruleset/version.js';
import type { Environment, Key, Store, StoredEnvironment } from '../store/store.js';
import { requireAdmin } from './authenticate.js';
import { limitBody } from './body-limit.js';
import { changeRoutes } from './changes.js';
import { onlyMethods } from './errors.js';
import { environmentId } from './params.js';
import { jsonPieces, sendPieces } from './pieces.js';
import { rejectedRoutes } from './rejected.js';

/** The collaborators of the administration routes. */
export interface AdminParts {
  readonly store: Store;
  readonly replica: Replica;
  readonly committer: Committer;
  /** Each of them is accepted. */
  readonly adminTokens: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const NAME_MAX = 200;
/** Default contexts and names are small; changes have a limit of their own. */
const BODY_MAX_BYTES = 64 * 1024;

const PROJECT_RULE = 'must be a number from 1 to 2^63 - 1, as a decimal string if it is above 2^53';
const NAME_RULE = `must be a text of at most ${NAME_MAX} characters`;

const name = z.string(NAME_RULE).max(NAME_MAX, NAME_RULE);
const environmentBody = z.strictObject({
  projectId: z.union([z.string(), z.number()], PROJECT_RULE),
  name: name.min(1, 'must not be empty'),
  defaultContext: z.unknown().optional(),
});
const keyBody = z.strictObject({
  kind: z.enum(['server', 'client'], 'must be server or client'),
  name: name.default(''),
});

/**
 * Builds the router of administration, to be mounted below `/admin/v1`. Each request needs an admin
 * token.
 */
export function adminRoutes(parts: AdminParts): Router {
  const router = Router();
  router.use(requireAdmin(parts.adminTokens));
  router.use((request, response, next) => {
    response.locals.mount = request.baseUrl;
    response.set('Cache-Control', 'no-store');
    next();
  });
  router.use(changeRoutes(parts.committer));
  router.use(limitBody(BODY_MAX_BYTES));
  router.use(json({ limit: BODY_MAX_BYTES, type: () => true }));
  environmentRoutes(router, parts);
  keyRoutes(router, parts);
  restoreRoute(router, parts);
  router.use(rejectedRoutes(parts.store));
  return router;
}

function environmentRoutes(router: Router, { store, replica, committer }: AdminParts): void {
  router
    .route('/environments')
    .get(async (_request, response) => {
      const environments = await store.environments();
      response.json({ environments: environments.map(environmentJson) });
    })
    .all(onlyMethods('GET'));

  router
    .route('/environments/:id')
    .get(async (request, response) => {
      response.json(environmentJson(await find(store, environmentId(request))));
    })
    .put(async (request, response) => {
      const { created, environment } = await committer.putEnvironment(readEnvironment(request));
      response.status(created ? 201 : 200).json(environmentJson(environment));
    })
    .all(onlyMethods('GET', 'PUT'));

  router
    .route('/environments/:id/configs')
    .get(async (request, response) => {
      const id = environmentId(request);
      const current = await replica.confirmed(id);
      if (current === undefined) throw unknownEnvironment(id);
      const { ruleset } = current;
      const slices = await eventLoop.begin();
      const pieces = jsonPieces(ruleset.delta(0n), ruleset.envelope, ({ deleted }) => !deleted);
      response.set('ETag', `"${ruleset.version}"`).type('application/json');
      await sendPieces(response, pieces, slices);
    })
    .all(onlyMethods('GET'));
}

function keyRoutes(router: Router, { store, replica, now }: AdminParts): void {
  router
    .route('/environments/:id/keys')
    .get(async (request, response) => {
      const environment = await find(store, environmentId(request));
      const keys = (await store.keys()).filter((key) => key.environment === environment.id);
      response.json({ keys: keys.map(keyJson) });
    })
    .post(async (request, response) => {
      const environment = await find(store, environmentId(request));
      const body = readBody(keyBody, request);
      const { text, key } = issueKey(environment, body.kind, body.name, now());
      await store.addKey(key);
      replica.keyring.take(key);
      response.status(201).json({ ...keyJson(key), key: text });
    })
    .all(onlyMethods('GET', 'POST'));

  router
    .route('/keys/:id')
    .delete(async (request, response) => {
      const key = await store.revokeKey(request.params.id, now());
      if (key === undefined)
        throw new HoldfastError(
          'not_found',
          `there is no key ${request.params.id}: list keys to see their ids`,
        );
      replica.keyring.take(key);
      response.json(keyJson(key));
    })
    .all(onlyMethods('DELETE'));
}

function restoreRoute(router: Router, { store, replica }: AdminParts): void {
  router
    .route('/restore')
    .post(async (_request, response) => {
      const { environments, keys } = await restore(store, replica);
      const written = environments.map(({ id, version }) => ({ id: `${id}`, version: `${version}` }));
      response.json({ environments: written, keys });
    })
    .all(onlyMethods('POST'));
}

async function find(store: Store, id: bigint): Promise<StoredEnvironment> {
  const environment = await store.environment(id);
  if (environment === undefined) throw unknownEnvironment(id);
  return environment;
}

function readEnvironment(request: Request): Environment {
  const body = readBody(environmentBody, request);
  const projectId = parseVersion(`${body.projectId}`);
  if (
    projectId === undefined ||
    projectId === 0n ||
    (typeof body.projectId === 'number' && !Number.isSafeInteger(body.projectId))
  ) {
    throw new HoldfastError('field_invalid', `projectId ${PROJECT_RULE}`, { field: 'projectId' });
  }
  const { defaultContext } = body;
  const context =
    defaultContext === undefined || defaultContext === null
      ? undefined
      : readContextSetJson(defaultContext, 'defaultContext');
  return {
    id: environmentId(request),
    projectId,
    name: body.name,
    defaultContext: context === undefined ? undefined : encodeContextSet(context),
  };
}

function readBody<T>(schema: z.ZodType<T>, request: Request): T {
  const body: unknown = request.body;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HoldfastError('body_invalid', 'the body must be a JSON object');
  }
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = unknown ?? issue?.path.join('.') ?? '';
  const problem =
    unknown === undefined
      ? (issue?.message ?? 'is not valid')
      : 'is not a field of this request: leave it out';
  throw new HoldfastError('field_invalid', `${field} ${problem}`, { field });
}

function environmentJson(environment: StoredEnvironment): Record<string, unknown> {
  const { id, projectId, name, version, live, defaultContext } = environment;
  return {
    id: `${id}`,
    projectId: `${projectId}`,
    name,
    version: `${version}`,
    configs: live,
    ...(defaultContext === undefined ? {} : { defaultContext: decodeContextSet(defaultContext) }),
  };
}

function keyJson(key: Key): Record<string, unknown> {
  return {
    id: key.id,
    environment: `${key.environment}`,
    kind: key.kind,
    name: key.name,
    createdAt: new Date(key.createdAt).toISOString(),
    ...(key.revokedAt === undefined ? {} : { revokedAt: new Date(key.revokedAt).toISOString() }),
  };
}
