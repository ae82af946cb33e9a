/** `restore`: writes back what the store lost, from a node's memory or from a datafile. */
import { exampleConfigs } from '../../app/first-run-text.js';
import { encodeConfig } from '../../ruleset/codec.js';
import type { Config, Configs } from '../../ruleset/model.js';
import { environmentPath, type Present } from '../api.js';
import { answer, type CommandContext } from '../context.js';
import { CHANGE_BYTES, planImport } from '../datafile.js';
import { commitChanges, commitImport, readFileOf, targetOf, type CommitReason } from './import.js';
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
 *
 * A first start has put example configs into environment 1, whose ids are newer than those of the
 * file. While nobody has changed them they are replaced, under new ids.
 */
export async function restoreFromFile(
  context: CommandContext,
  file: string,
  reason: CommitReason,
): Promise<void> {
  const datafile = await readFileOf(context.around, file);
  const { projectEnvId: environment, projectId } = datafile.configServicePointer ?? {};
  if (environment === undefined || projectId === undefined) {
    throw new UsageError(
      `${file} does not say which environment it is of (configServicePointer.projectEnvId and projectId). Create one with environments put, and import the file with --keep-ids.`,
    );
  }
  const api = await context.api();
  const { defaultContext } = datafile;
  const present = (await presentEnvironment(api, environment)) && (await api.present(environment));
  if (present !== undefined && hasExamplesAlone(present)) {
    await replaceExamples(context, datafile, present, reason);
  } else {
    const options = { environment, keepIds: true, remap: false, changeBytes: CHANGE_BYTES };
    const target = present === undefined ? {} : { target: targetOf(present) };
    // Before the environment is created: a file that cannot be restored leaves nothing.
    const plan = planImport(datafile, { ...options, ...target });
    if (present === undefined) {
      const body = { projectId, name: `environment ${environment}`, defaultContext };
      await api.request('PUT', environmentPath(environment), { as: 'admin', body });
    }
    await commitImport(context, environment, plan, reason);
  }
  context.err.line(
    'Keys are not in a datafile: create new ones with keys create, unless a node still knows the old ones.',
  );
}

/** True for an environment that has the untouched examples of a first start and nothing else. */
function hasExamplesAlone({ configs }: Present): boolean {
  const examples = exampleConfigs();
  const forms = new Set(examples.map(formOf));
  return configs.length === examples.length && configs.every((config) => forms.has(formOf(config)));
}

/** A config without what a commit gives it, in the form in which equal ones are equal text. */
function formOf(config: Config): string {
  const copy = { ...config };
  delete copy.id;
  delete copy.projectId;
  delete copy.changedBy;
  return Buffer.from(encodeConfig(copy).bytes).toString('base64');
}

async function replaceExamples(
  context: CommandContext,
  datafile: Configs,
  examples: Present,
  { message }: CommitReason,
): Promise<void> {
  const { environment, etag } = examples;
  const options = { environment, keepIds: false, remap: false, changeBytes: CHANGE_BYTES };
  const { changes } = planImport(datafile, options);
  const kept = new Set(datafile.configs?.map(({ key }) => key));
  const gone = examples.configs
    .filter(({ key }) => !kept.has(key))
    .map(({ key = '' }) => ({ key, configType: 'DELETED' }));
  // Last, because until then configs of the examples may use a segment that is deleted.
  const deletion = { body: JSON.stringify({ configs: gone }), configs: 0 };
  const all = gone.length === 0 ? changes : [...changes, deletion];
  const api = await context.api();
  if (datafile.defaultContext !== undefined) {
    const { name, projectId } = (await presentEnvironment(api, environment)) ?? {};
    const body = { name, projectId, defaultContext: datafile.defaultContext };
    await api.request('PUT', environmentPath(environment), { as: 'admin', body });
  }
  const first = datafile.defaultContext === undefined ? etag : undefined;
  const { configs, version } = await commitChanges(context, environment, all, { etag: first, message });
  answer(context, { environments: [{ id: environment, version }], keys: 0 }, (out) => {
    out.line(
      `Restored ${count(configs, 'config')} into environment ${environment}, version ${version ?? ''}`,
    );
  });
  context.err.line(
    'The environment had the examples of a first start alone: they are replaced, and the configs have new ids.',
  );
}
