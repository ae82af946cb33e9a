/** `restore`: writes back what the store lost, from a node's memory or from a datafile. */
import type { Api } from '../api.js';
import { CHANGE_BYTES } from '../datafile.js';
import { importDatafile, readFileOf } from './import.js';
import { presentEnvironment } from './keys.js';
import { UsageError, type CommandIO } from '../io.js';
import { count, plain } from '../format.js';

interface Restored {
  readonly environments: readonly { readonly id: string; readonly version: string }[];
  /** Keys and revocations. */
  readonly keys: number;
}

/**
 * Has the node write back every environment that it has in memory and the store has lost, and the
 * keys.
 */
export async function restoreFromNode(api: Api, around: CommandIO): Promise<void> {
  const { environments, keys } = (await api.request('POST', '/admin/v1/restore', { as: 'admin' }))
    .body as Restored;
  for (const { id, version } of environments) {
    around.stdout.write(`Environment ${plain(id)} is back at version ${plain(version)}\n`);
  }
  around.stdout.write(`Restored ${count(environments.length, 'environment')} and ${count(keys, 'key')}\n`);
  around.stderr.write('Each node has only what it served: repeat this with the --url of the other nodes.\n');
}

/**
 * Commits a datafile with its ids into the environment that it is of, which is created if the store
 * lost it too. Keys are not in datafiles.
 */
export async function restoreFromFile(api: Api, around: CommandIO, file: string): Promise<void> {
  const datafile = await readFileOf(around, file);
  const { projectEnvId: environment, projectId } = datafile.configServicePointer ?? {};
  if (environment === undefined || projectId === undefined) {
    throw new UsageError(
      `${file} does not say which environment it is of (configServicePointer.projectEnvId and projectId). Create one with environments put, and import the file with --keep-ids.`,
    );
  }
  if ((await presentEnvironment(api, environment)) === undefined) {
    const body = { projectId, name: `environment ${environment}`, defaultContext: datafile.defaultContext };
    await api.request('PUT', `/admin/v1/environments/${environment}`, { as: 'admin', body });
  }
  await importDatafile(api, around, datafile, {
    environment,
    keepIds: true,
    remap: false,
    changeBytes: CHANGE_BYTES,
  });
  around.stderr.write(
    'Keys are not in a datafile: create new ones with keys create, unless a node still knows the old ones.\n',
  );
}
