/** `restore`: writes back what the store lost, from a node's memory or from a datafile. */
import { environmentPath } from '../api.js';
import { answer, type CommandContext } from '../context.js';
import { CHANGE_BYTES } from '../datafile.js';
import { importDatafile, readFileOf } from './import.js';
import { presentEnvironment } from './environments.js';
import { UsageError } from '../io.js';
import { count } from '../format.js';

interface Restored {
  readonly environments: readonly { readonly id: string; readonly version: string }[];
  /** Keys and revocations. */
  readonly keys: number;
}

/**
 * Has the node write back every environment that it has in memory and the store has lost, and the
 * keys.
 */
export async function restoreFromNode(context: CommandContext): Promise<void> {
  const api = await context.api();
  const { environments, keys } = (await api.request('POST', '/admin/v1/restore', { as: 'admin' }))
    .body as Restored;
  answer(context, { environments, keys }, (out) => {
    for (const { id, version } of environments) out.line(`Environment ${id} is back at version ${version}`);
    out.line(`Restored ${count(environments.length, 'environment')} and ${count(keys, 'key')}`);
  });
  context.err.line('Each node has only what it served: repeat this with the --url of the other nodes.');
}

/**
 * Commits a datafile with its ids into the environment that it is of, which is created if the store
 * lost it too. Keys are not in datafiles.
 */
export async function restoreFromFile(context: CommandContext, file: string): Promise<void> {
  const datafile = await readFileOf(context.around, file);
  const { projectEnvId: environment, projectId } = datafile.configServicePointer ?? {};
  if (environment === undefined || projectId === undefined) {
    throw new UsageError(
      `${file} does not say which environment it is of (configServicePointer.projectEnvId and projectId). Create one with environments put, and import the file with --keep-ids.`,
    );
  }
  const api = await context.api();
  if ((await presentEnvironment(api, environment)) === undefined) {
    const body = { projectId, name: `environment ${environment}`, defaultContext: datafile.defaultContext };
    await api.request('PUT', environmentPath(environment), { as: 'admin', body });
  }
  await importDatafile(context, datafile, {
    environment,
    keepIds: true,
    remap: false,
    changeBytes: CHANGE_BYTES,
  });
  context.err.line(
    'Keys are not in a datafile: create new ones with keys create, unless a node still knows the old ones.',
  );
}
