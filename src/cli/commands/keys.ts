/** `keys` and `environments`: what an administrator sets up. */
import { HoldfastError } from '../../core/errors.js';
import type { Api } from '../api.js';
import type { CommandIO } from '../io.js';
import { columns, plain } from '../format.js';
import { formatTime } from '../value.js';

/** A key as the server lists it; never its text. Times are ISO 8601. */
interface ListedKey {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly createdAt: string;
  /** Absent while the key is valid. */
  readonly revokedAt?: string;
}

/** An environment as the server lists it. */
export interface ListedEnvironment {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly version: string;
  readonly configs: number;
  readonly defaultContext?: unknown;
}

/**
 * Creates an API key and prints it. The request is not repeated: the text of a key is shown once,
 * so a second request after a lost answer would leave a key behind whose text is lost.
 */
export async function createKey(
  api: Api,
  around: CommandIO,
  options: { environment: string; kind: string; name: string | undefined },
): Promise<void> {
  const { environment, kind, name } = options;
  const reply = await api.request('POST', `/admin/v1/environments/${environment}/keys`, {
    as: 'admin',
    body: { kind, ...(name === undefined ? {} : { name }) },
    once: true,
  });
  const { id, key } = reply.body as { id: string; key: string };
  around.stdout.write(`id   ${plain(id)}\nkey  ${plain(key)}\n`);
  around.stderr.write('The key is shown this once; the server keeps only a hash of it.\n');
}

/** Prints the keys of an environment; `keys list`. */
export async function listKeys(api: Api, around: CommandIO, environment: string): Promise<void> {
  const path = `/admin/v1/environments/${environment}/keys`;
  const { keys } = (await api.request('GET', path, { as: 'admin' })).body as { keys: ListedKey[] };
  const rows = keys.map((key) => [
    key.id,
    key.kind,
    key.name,
    timeText(key.createdAt),
    timeText(key.revokedAt),
  ]);
  around.stdout.write(columns([['ID', 'KIND', 'NAME', 'CREATED', 'REVOKED'], ...rows]));
}

/** Revokes a key; `keys revoke`. */
export async function revokeKey(api: Api, around: CommandIO, id: string): Promise<void> {
  await api.request('DELETE', `/admin/v1/keys/${encodeURIComponent(id)}`, { as: 'admin' });
  around.stdout.write(`${plain(id)} is revoked\n`);
}

/** Prints all environments; `environments list`. */
export async function listEnvironments(api: Api, around: CommandIO): Promise<void> {
  const reply = await api.request('GET', '/admin/v1/environments', { as: 'admin' });
  const { environments } = reply.body as { environments: ListedEnvironment[] };
  const rows = environments.map(({ id, projectId, name, version, configs }) => [
    id,
    projectId,
    name,
    version,
    String(configs),
  ]);
  around.stdout.write(columns([['ID', 'PROJECT', 'NAME', 'VERSION', 'CONFIGS'], ...rows]));
}

/** Creates or changes an environment; `environments put`. */
export async function putEnvironment(
  api: Api,
  around: CommandIO,
  id: string,
  body: { projectId: string; name: string },
): Promise<void> {
  const path = `/admin/v1/environments/${id}`;
  // PUT replaces all settings, and giving an environment a new name must not take its default
  // context away.
  const defaultContext = (await presentEnvironment(api, id))?.defaultContext;
  await api.request('PUT', path, { as: 'admin', body: { ...body, defaultContext } });
  around.stdout.write(`Environment ${id} is there\n`);
}

/** The environment as the server has it; `undefined` when there is none. */
export async function presentEnvironment(api: Api, id: string): Promise<ListedEnvironment | undefined> {
  try {
    return (await api.request('GET', `/admin/v1/environments/${id}`, { as: 'admin' }))
      .body as ListedEnvironment;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'environment_unknown') return undefined;
    throw error;
  }
}

function timeText(time: string | undefined): string {
  return time === undefined ? '' : formatTime(Date.parse(time));
}
