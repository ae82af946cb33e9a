/** `environments`: lists, creates, changes and deletes environments. */
import { HoldfastError } from '../../core/errors.js';
import { environmentPath, type Api } from '../api.js';
import { answer, environmentName, type CommandContext } from '../context.js';
import { count } from '../format.js';
import { UsageError } from '../io.js';

/** An environment as the server lists it. */
export interface ListedEnvironment {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly version: string;
  readonly configs: number;
  /** Absent in answers of an older server. */
  readonly revision?: string;
  readonly defaultContext?: unknown;
}

/** Prints all environments; `environments list`. */
export async function listEnvironments(context: CommandContext): Promise<void> {
  const api = await context.api();
  const reply = await api.request('GET', '/admin/v1/environments', { as: 'admin' });
  const { environments, damaged = [] } = reply.body as {
    environments: ListedEnvironment[];
    damaged?: { id?: string; name: string; problem: string }[];
  };
  const rows = environments.map(({ id, projectId, name, version, configs }) => [
    id,
    projectId,
    name,
    version,
    String(configs),
  ]);
  const bad = damaged.map(({ id, name }) => [id ?? '-', '-', name, 'damaged', '-']);
  answer(context, { environments, ...(bad.length === 0 ? {} : { damaged }) }, (out) => {
    out.table([['ID', 'PROJECT', 'NAME', 'VERSION', 'CONFIGS'], ...rows, ...bad], 'NAME');
  });
  for (const { problem } of damaged) context.err.line(problem);
}

/** The settings that `environments put` is given; those of an environment that exists stay. */
export interface EnvironmentOptions {
  readonly project: string | undefined;
  readonly name: string | undefined;
}

/**
 * Creates or changes an environment; `environments put`. One that exists may be given by its name,
 * a new one by its number.
 */
export async function environmentsPut(
  context: CommandContext,
  text: string,
  { project, name }: EnvironmentOptions,
): Promise<void> {
  const given = environmentName(text, '<environment>');
  const api = await context.api();
  const present = await presentEnvironment(api, given);
  if (present === undefined && !/^\d+$/.test(given)) {
    throw new HoldfastError(
      'environment_unknown',
      `There is no environment named ${given}. A new one is created by its number: holdfast environments put 2 --name ${given}`,
    );
  }
  if (name === undefined && present === undefined) {
    throw new UsageError(`Environment ${given} is new, and needs a name: --name staging`);
  }
  const id = present?.id ?? given;
  // PUT replaces all settings, and giving an environment a new name must not take its default
  // context away.
  const settings = {
    projectId: project ?? present?.projectId ?? '1',
    name: name ?? present?.name ?? '',
    defaultContext: present?.defaultContext,
  };
  // Someone else may change the settings between the two requests.
  const headers = present?.revision === undefined ? {} : { 'If-Match': `"${present.revision}"` };
  const { body } = await api.request('PUT', environmentPath(id), { as: 'admin', body: settings, headers });
  const stored = body as ListedEnvironment & { readonly wasLost?: true };
  answer(context, stored, (out) => {
    out.line(`Environment ${id} is ${present === undefined ? 'created' : 'there'}, named ${stored.name}`);
  });
  if (stored.wasLost === true) {
    context.err.line(
      `The store had lost environment ${id}, of which there are keys. Nodes that have its configs in memory commit them again; holdfast restore --from reads a bucket.`,
    );
  }
}

/** Deletes an environment for good; `environments delete`. */
export async function environmentsDelete(
  context: CommandContext,
  text: string,
  { confirm, message }: { readonly confirm: string; readonly message: string | undefined },
): Promise<void> {
  const path = environmentPath(environmentName(text, '<environment>'));
  const api = await context.api();
  const reply = await api.request('DELETE', path, { as: 'admin', body: { confirm, message }, once: true });
  const deleted = reply.body as { id: string; version: string; revokedKeys: number };
  answer(context, deleted, (out) => {
    const keys = count(deleted.revokedKeys, 'key');
    out.line(`Environment ${deleted.id} is deleted, version ${deleted.version}; ${keys} revoked`);
  });
}

/** The environment as the server has it; `undefined` when there is none. */
export async function presentEnvironment(api: Api, id: string): Promise<ListedEnvironment | undefined> {
  try {
    return (await api.request('GET', environmentPath(id), { as: 'admin' })).body as ListedEnvironment;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'environment_unknown') return undefined;
    throw error;
  }
}
