/** The routes of API keys. [protocol] #keys */
import { z } from 'zod';
import { HoldfastError } from '../../core/errors.js';
import { issueKey } from '../../keys/issue-key.js';
import { reaches } from '../../operators/operator.js';
import { unknownEnvironment } from '../../replica/missing.js';
import type { Key } from '../../store/store.js';
import { findEnvironment } from './environments.js';
import { nameField } from './name-field.js';
import { expiryField, idText, timeText } from './input.js';
import { outOfReach } from './refusals.js';
import { adminRoute } from './route.js';

/**
 * The API keys of an environment, revoked ones included: they stay, and every copy has them. Nodes
 * that create keys at the same time can each add one more.
 */
const MAX_KEYS = 100_000;

const keyBody = z.strictObject({
  kind: z.enum(['server', 'client'], 'must be server or client'),
  name: nameField.default(''),
  expiresAt: expiryField('key').optional(),
});

const keyAnswer = z
  .object({
    id: z.string(),
    environment: idText,
    kind: z.enum(['server', 'client']),
    name: z.string(),
    createdAt: timeText,
    expiresAt: timeText.optional().meta({ description: 'The key is refused from then on; absent: never.' }),
    lastUsedAt: timeText.optional().meta({
      description:
        'Of lists: the last request or check of a stream with it, noted once a minute; absent: none.',
    }),
    revokedAt: timeText.optional().meta({ description: 'A key that expired has the time of `expiresAt`.' }),
  })
  .meta({ id: 'Key' });

const issuedKeyAnswer = keyAnswer
  .extend({ key: z.string().meta({ description: 'The key itself, which is shown once.' }) })
  .meta({ id: 'IssuedKey' });

/** The routes that list, create and revoke keys. */
export const KEY_ROUTES = [
  adminRoute({
    method: 'GET',
    path: '/environments/:id/keys',
    operation: 'listKeys',
    role: 'viewer',
    scope: 'environment',
    summary: 'Lists the API keys of an environment, without their texts',
    answers: { 200: z.object({ keys: z.array(keyAnswer) }) },
    handle: async ({ environment }, response, { store }) => {
      const { id } = await findEnvironment(store, environment);
      const keys = await store.keysOf(id);
      const uses = await store.keyUse.lastUses(keys.map((key) => key.id));
      response.json({ keys: keys.map((key) => keyJson(key, uses.get(key.id))) });
    },
  }),
  adminRoute({
    method: 'POST',
    path: '/environments/:id/keys',
    operation: 'createKey',
    role: 'admin',
    scope: 'environment',
    summary: 'Creates an API key',
    body: keyBody,
    answers: { 201: issuedKeyAnswer },
    errors: ['too_many_api_keys'],
    handle: async ({ environment, body, note }, response, { store, replica, now }) => {
      const found = await findEnvironment(store, environment);
      if (replica.keyring.of(found.id).length >= MAX_KEYS) throw tooManyKeys(`${found.id}`);
      const expiresAt = laterThanNow(body.expiresAt ?? undefined, now());
      const { text, key } = issueKey(found, body.kind, body.name, now(), expiresAt);
      await store.addKey(key);
      // Deleted in between: its keys were revoked before this one was there.
      if ((await store.deletion(found.id)) !== undefined) {
        await store.revokeKey(key.id, now());
        throw unknownEnvironment(found.id);
      }
      replica.keyring.take(key);
      const expiry = expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() };
      note({ subject: key.id, details: { kind: key.kind, name: key.name, ...expiry } });
      response.status(201).json({ ...keyJson(key), key: text });
    },
  }),
  adminRoute({
    method: 'DELETE',
    path: '/keys/:id',
    operation: 'revokeKey',
    role: 'admin',
    scope: 'own',
    summary: 'Revokes an API key',
    params: z.object({ id: z.string() }),
    answers: { 200: keyAnswer },
    errors: ['not_found'],
    handle: async ({ operator, params: { id }, note }, response, { store, replica, now }) => {
      if (operator.environments !== 'all') {
        const known = await replica.keyring.findById(id);
        if (known === undefined) throw unknownKey(id);
        if (!reaches(operator, known.environment)) throw outOfReach(operator, `${known.environment}`);
      }
      const key = await store.revokeKey(id, now());
      if (key === undefined) throw unknownKey(id);
      replica.keyring.take(key);
      note({ environment: key.environment, subject: id });
      response.json(keyJson(key));
    },
  }),
];

function tooManyKeys(environment: string): HoldfastError {
  return new HoldfastError(
    'too_many_api_keys',
    `environment ${environment} has ${MAX_KEYS} API keys, revoked ones included, and takes no more: use the keys that it has, or another environment`,
  );
}

function unknownKey(id: string): HoldfastError {
  return new HoldfastError('not_found', `there is no key ${id}: list keys to see their ids`);
}

/** @throws HoldfastError `field_invalid` for a key that nothing could use */
function laterThanNow(expiresAt: number | undefined, now: number): number | undefined {
  if (expiresAt === undefined || expiresAt > now) return expiresAt;
  throw new HoldfastError('field_invalid', 'expiresAt is over already: give a time to come, or null', {
    field: 'expiresAt',
  });
}

function keyJson(key: Key, lastUsedAt?: number): z.input<typeof keyAnswer> {
  return {
    id: key.id,
    environment: `${key.environment}`,
    kind: key.kind,
    name: key.name,
    createdAt: new Date(key.createdAt).toISOString(),
    ...(key.expiresAt === undefined ? {} : { expiresAt: new Date(key.expiresAt).toISOString() }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: new Date(lastUsedAt).toISOString() }),
    ...(key.revokedAt === undefined ? {} : { revokedAt: new Date(key.revokedAt).toISOString() }),
  };
}
