/** The routes of environments. [protocol] #environments */
import { z } from 'zod';
import { deleteEnvironment } from '../../commit/delete-environment.js';
import { settingsRevision } from '../../commit/put-environment.js';
import { HoldfastError } from '../../core/errors.js';
import { listPieces } from '../../core/pieces.js';
import { eventLoop } from '../../core/turns.js';
import { reaches } from '../../operators/operator.js';
import { unknownEnvironment } from '../../replica/missing.js';
import { decodeContextSet, encodeContextSet } from '../../ruleset/codec.js';
import { readContextSetJson } from '../../ruleset/json.js';
import type { DamagedEnvironment, Store, StoredEnvironment } from '../../store/store.js';
import { jsonPieces, sendPieces } from '../pieces.js';
import { attribution, messageField } from './attribution.js';
import { idField, idText, ifRevisionHeader, revisionText } from './input.js';
import { environmentNameField } from './name-field.js';
import { adminRoute } from './route.js';

const environmentBody = z.strictObject({
  projectId: idField,
  name: environmentNameField,
  defaultContext: z.unknown().optional().meta({ description: 'Proto3-JSON of a ContextSet.' }),
  message: messageField,
});

const environmentAnswer = z
  .object({
    id: idText,
    projectId: idText,
    name: z.string(),
    version: idText,
    configs: z.int().meta({ description: 'The number of configs that are not deleted.' }),
    revision: revisionText,
    defaultContext: z.unknown().optional().meta({ description: 'Proto3-JSON of a ContextSet.' }),
  })
  .meta({ id: 'Environment' });

const createdAnswer = environmentAnswer
  .extend({
    wasLost: z.literal(true).optional().meta({
      description:
        'There are keys of the environment, so the store had lost it. It begins at version 0; nodes that have its configs in memory commit them again.',
    }),
  })
  .meta({ id: 'CreatedEnvironment' });

const damagedAnswer = z
  .object({
    id: idText.optional(),
    name: z.string().meta({ description: 'As far as it can be read.' }),
    problem: z.string().meta({ description: 'A sentence with the remedy.' }),
  })
  .meta({
    id: 'DamagedEnvironment',
    description: 'An environment of which the store holds what Holdfast did not write.',
  });

const configsAnswer = z
  .looseObject({ configs: z.array(z.looseObject({ key: z.string(), id: idText })) })
  .meta({ id: 'Configs', description: 'Proto3-JSON of a Configs message.' });

/** The routes that list, read and put environments. */
export const ENVIRONMENT_ROUTES = [
  adminRoute({
    method: 'GET',
    path: '/environments',
    operation: 'listEnvironments',
    role: 'viewer',
    scope: 'own',
    summary: 'Lists environments, ascending by id',
    answers: {
      200: z.object({ environments: z.array(environmentAnswer), damaged: z.array(damagedAnswer).optional() }),
    },
    handle: async ({ operator }, response, { store }) => {
      const { environments, damaged } = await store.listEnvironments();
      const isVisible = ({ id }: { readonly id: bigint | undefined }): boolean =>
        id === undefined ? operator.environments === 'all' : reaches(operator, id);
      const bad = damaged.filter(isVisible).map(damagedJson);
      const tail = bad.length === 0 ? ']}' : `],"damaged":${JSON.stringify(bad)}}`;
      const listed = function* (): Iterable<string | undefined> {
        for (const each of environments) {
          yield isVisible(each) ? JSON.stringify(environmentJson(each)) : undefined;
        }
      };
      const slices = await eventLoop.begin();
      response.type('application/json');
      await sendPieces(response, listPieces('{"environments":[', listed(), tail), slices);
    },
  }),
  adminRoute({
    method: 'GET',
    path: '/environments/:id',
    operation: 'getEnvironment',
    role: 'viewer',
    scope: 'environment',
    summary: 'Reads an environment without its configs',
    answers: { 200: environmentAnswer },
    handle: async ({ environment }, response, { store }) => {
      response.json(environmentJson(await findEnvironment(store, environment)));
    },
  }),
  adminRoute({
    method: 'PUT',
    path: '/environments/:id',
    operation: 'putEnvironment',
    role: 'admin',
    scope: 'environment',
    summary: 'Creates an environment, or replaces its settings',
    headers: z.object({ 'If-Match': ifRevisionHeader }),
    body: environmentBody,
    answers: { 200: environmentAnswer, 201: createdAnswer },
    errors: ['config_too_large', 'version_mismatch', 'busy'],
    handle: async ({ operator, environment: id, headers, body, note }, response, { committer }) => {
      const { projectId, name } = body;
      const settings = { id, projectId, name, defaultContext: readContext(body.defaultContext) };
      const by = attribution(operator, 'settings', body.message);
      const { created, wasLost, environment } = await committer.putEnvironment(
        settings,
        by,
        headers['If-Match'],
      );
      note({ subject: name, details: { created: `${created}`, ...(wasLost ? { wasLost: 'true' } : {}) } });
      response
        .status(created ? 201 : 200)
        .json({ ...environmentJson(environment), ...(wasLost ? { wasLost } : {}) });
    },
  }),
  adminRoute({
    method: 'DELETE',
    path: '/environments/:id',
    operation: 'deleteEnvironment',
    role: 'admin',
    scope: 'environment',
    summary: 'Deletes an environment: its configs, settings, keys and history',
    body: z.strictObject({
      confirm: z
        .string('must be the name or the number of the environment')
        .meta({ description: 'The name or the number of the environment.' }),
      message: messageField.meta({ description: 'Why, for the audit trail: the history goes too.' }),
    }),
    answers: {
      200: z.object({
        id: idText,
        version: idText.meta({ description: 'It goes on above this version, should it come back.' }),
        revokedKeys: z.int(),
      }),
    },
    errors: ['busy'],
    handle: async ({ operator, environment, body, note }, response, parts) => {
      const found = await parts.store.environment(environment);
      if (body.confirm !== `${environment}` && body.confirm !== found?.name) {
        throw new HoldfastError(
          'field_invalid',
          `confirm must be the name or the number of the environment to delete, here ${environment}`,
          { field: 'confirm' },
        );
      }
      const by = attribution(operator, 'settings', body.message);
      const { version, revoked } = await deleteEnvironment(parts, environment, by);
      note({
        subject: found?.name ?? '',
        details: {
          version: `${version}`,
          revokedKeys: `${revoked}`,
          ...(by.message === undefined ? {} : { message: by.message }),
        },
      });
      response.json({ id: `${environment}`, version: `${version}`, revokedKeys: revoked });
    },
  }),
  adminRoute({
    method: 'GET',
    path: '/environments/:id/configs',
    operation: 'listConfigs',
    role: 'viewer',
    scope: 'environment',
    summary: 'Reads all configs that are not deleted',
    answers: { 200: configsAnswer },
    answerHeaders: { ETag: "The environment's version, in quotes." },
    handle: async ({ environment }, response, { replica }) => {
      const current = await replica.confirmed(environment);
      if (current === undefined) throw unknownEnvironment(environment);
      const { ruleset } = current;
      const slices = await eventLoop.begin();
      const pieces = jsonPieces(ruleset.delta(0n), ruleset.envelope, ({ deleted }) => !deleted);
      response.set('ETag', `"${ruleset.version}"`).type('application/json');
      await sendPieces(response, pieces, slices);
    },
  }),
];

/** Reads an environment. @throws HoldfastError `environment_unknown` */
export async function findEnvironment(store: Store, id: bigint): Promise<StoredEnvironment> {
  const environment = await store.environment(id);
  if (environment === undefined) throw unknownEnvironment(id);
  return environment;
}

function readContext(json: unknown): Uint8Array | undefined {
  if (json === undefined || json === null) return undefined;
  return encodeContextSet(readContextSetJson(json, 'defaultContext'));
}

function damagedJson({ id, name, problem }: DamagedEnvironment): z.input<typeof damagedAnswer> {
  return { ...(id === undefined ? {} : { id: `${id}` }), name, problem };
}

function environmentJson(environment: StoredEnvironment): z.input<typeof environmentAnswer> {
  const { id, projectId, name, version, live, defaultContext } = environment;
  return {
    id: `${id}`,
    projectId: `${projectId}`,
    name,
    version: `${version}`,
    configs: live,
    revision: settingsRevision(environment),
    ...(defaultContext === undefined ? {} : { defaultContext: decodeContextSet(defaultContext) }),
  };
}
