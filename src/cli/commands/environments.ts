/** `environments`: creates and lists environments. */
import { HoldfastError } from '../../core/errors.js';
import { environmentPath, type Api } from '../api.js';
import { answer, environmentIdArgument, type CommandContext } from '../context.js';

/** An environment as the server lists it. */
export interface ListedEnvironment {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly version: string;
  readonly configs: number;
  readonly defaultContext?: unknown;
}

/** Prints all environments; `environments list`. */
export async function listEnvironments(context: CommandContext): Promise<void> {
  const api = await context.api();
  const reply = await api.request('GET', '/admin/v1/environments', { as: 'admin' });
  const { environments } = reply.body as { environments: ListedEnvironment[] };
  const rows = environments.map(({ id, projectId, name, version, configs }) => [
    id,
    projectId,
    name,
    version,
    String(configs),
  ]);
  answer(context, { environments }, (out) => {
    out.table([['ID', 'PROJECT', 'NAME', 'VERSION', 'CONFIGS'], ...rows], 'NAME');
  });
}

/** Creates or changes an environment; `environments put`. */
export async function environmentsPut(
  context: CommandContext,
  text: string,
  settings: { projectId: string; name: string },
): Promise<void> {
  const id = environmentIdArgument(text, '<id>');
  const api = await context.api();
  // PUT replaces all settings, and giving an environment a new name must not take its default
  // context away.
  const defaultContext = (await presentEnvironment(api, id))?.defaultContext;
  const body = { ...settings, defaultContext };
  await api.request('PUT', environmentPath(id), { as: 'admin', body });
  answer(context, { id, ...settings }, (out) => {
    out.line('Environment ', id, ' is there');
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
