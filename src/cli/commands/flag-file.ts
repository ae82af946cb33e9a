/** `export`, `plan` and `apply`: flags as code. */
import { HoldfastError } from '../../core/errors.js';
import { planFlagFile, type FlagFilePlan } from '../../flag-file/plan.js';
import { readFlagFile } from '../../flag-file/read.js';
import { flagFileSchema } from '../../flag-file/schema.js';
import { writeFlagFile } from '../../flag-file/write.js';
import { readConfigsJson } from '../../ruleset/json.js';
import type { Config } from '../../ruleset/model.js';
import type { Present } from '../api.js';
import { answer, type CommandContext } from '../context.js';
import { CHANGE_BYTES, cutConfigs } from '../datafile.js';
import { segmentsFirst } from '../segment-order.js';
import { count } from '../format.js';
import { ExitWith, UsageError } from '../io.js';
import { differenceSummary, printDifferences } from '../print-differences.js';
import type { Printer } from '../printer.js';
import { Progress } from '../progress.js';
import { presentConfig } from './edit.js';
import { readTextOf } from './import.js';

/**
 * Prints all configs, or those with the given keys, as a flag file or a datafile, or the schema of
 * flag files; `export`.
 */
export async function exportConfigs(
  context: CommandContext,
  keys: readonly string[],
  format: string,
): Promise<void> {
  if (format === 'schema') {
    if (keys.length > 0)
      throw new UsageError('The schema is the same for all configs; leave out the keys, or --format schema.');
    context.out.json(flagFileSchema());
    return;
  }
  const api = await context.api();
  const { configs, environment, projectId, defaultContext } = await api.present(context.environment());
  const chosen = keys.length === 0 ? configs : keys.map((key) => presentConfig(configs, key));
  const sorted = [...chosen].sort((a, b) => ((a.key ?? '') < (b.key ?? '') ? -1 : 1));
  if (format === 'json' || context.json) {
    const configServicePointer = { projectId, projectEnvId: environment };
    context.out.json({ configs: sorted, defaultContext, configServicePointer });
    return;
  }
  context.around.stdout.write(writeFlagFile(sorted, environment));
}

/** The options of `plan` and `apply`. */
export interface FlagFileCommand {
  readonly prune: boolean;
}

/** Prints what `apply` would change; `plan`. Ends with exit code 2 when that is something. */
export async function planFile(
  context: CommandContext,
  file: string,
  { prune }: FlagFileCommand,
): Promise<void> {
  const { plan, present } = await makePlan(context, file, prune);
  const { environment, etag } = present;
  const result = {
    environment,
    version: versionOf(etag),
    configs: plan.differences,
    unlisted: plan.unlisted,
  };
  answer(context, result, (out) => printPlan(out, plan));
  if (plan.differences.length > 0) throw new ExitWith(2);
}

/** Commits what differs between a flag file and the environment; `apply`. */
export async function applyFile(
  context: CommandContext,
  file: string,
  options: FlagFileCommand & { readonly yes: boolean; readonly message: string | undefined },
): Promise<void> {
  (await context.api()).authorization('admin');
  const { plan, present } = await makePlan(context, file, options.prune);
  const { environment } = present;
  if (plan.differences.length === 0) {
    const result = { environment, previous: versionOf(present.etag), version: null, configs: [] };
    answer(context, result, (out) => printPlan(out, plan));
    return;
  }
  if (!context.json) printPlan(context.out, plan);
  if (plan.deletions.length > 0 && options.prune && !options.yes) await confirm(context, file, plan);
  const version = await commitPlan(context, present, plan, options.message);
  const result = { environment, previous: versionOf(present.etag), version, configs: plan.differences };
  answer(context, result, (out) => out.line(`Applied to environment ${environment}, version ${version}`));
}

async function makePlan(
  context: CommandContext,
  file: string,
  prune: boolean,
): Promise<{ plan: FlagFilePlan; present: Present }> {
  const text = await readTextOf(context.around, file);
  const name = file === '-' ? 'Standard input' : file;
  const progress = new Progress(context);
  const isLong = text.length > LONG_FILE;
  if (isLong) progress.tell(`Comparing ${name} with the environment`);
  try {
    return await comparison(context, text, name, prune);
  } finally {
    if (isLong) progress.end();
  }
}

/** Characters of a file that takes a moment to read. */
const LONG_FILE = 200_000;

async function comparison(
  context: CommandContext,
  text: string,
  name: string,
  prune: boolean,
): Promise<{ plan: FlagFilePlan; present: Present }> {
  const present = await (await context.api()).present(context.environment());
  const configs = readFlagFile(text, { name, environment: present.environment });
  // In the form that files are read in, whatever version the server has.
  const { configs: stored = [] } = readConfigsJson({ configs: present.configs });
  return { plan: planFlagFile(stored, configs, prune), present };
}

function versionOf(etag: string | undefined): string | null {
  return etag?.replaceAll('"', '') ?? null;
}

function printPlan(out: Printer, { differences, unlisted }: FlagFilePlan): void {
  printDifferences(out, differences);
  const more =
    unlisted.length === 0 ? '' : ` ${count(unlisted.length, 'config')} not in the file: --prune deletes.`;
  out.line(`${differenceSummary(differences)}${more}`);
}

/** Asks before anything is deleted because a file does not name it. */
async function confirm(context: CommandContext, file: string, { deletions }: FlagFilePlan): Promise<void> {
  const what = `--prune deletes ${count(deletions.length, 'config')}`;
  if (!context.err.isTerminal || file === '-') throw new UsageError(`${what}; add --yes to confirm it.`);
  context.err.line(`${what}. Type yes to go on:`);
  for await (const part of context.around.stdin) {
    if (Buffer.from(part).toString('utf8').trim() === 'yes') return;
    break;
  }
  throw new UsageError('Not confirmed; nothing was changed.');
}

/**
 * Commits a plan: in one change if it fits. Each change names the version that it is based on, so
 * that nothing of another is undone.
 */
async function commitPlan(
  context: CommandContext,
  { environment, etag }: Present,
  { writes, deletions }: FlagFilePlan,
  message: string | undefined,
): Promise<string> {
  const api = await context.api();
  // A segment is written before its users, and deleted after them.
  const removed = segmentsFirst(deletions)
    .reverse()
    .map(({ key }): Config => ({ key: key ?? '', configType: 'DELETED' }));
  const changes = cutConfigs([...segmentsFirst(writes), ...removed], CHANGE_BYTES);
  const progress = new Progress(context);
  let version = versionOf(etag) ?? '0';
  const all = writes.length + deletions.length;
  let committed = 0;
  for (const [done, configs] of changes.entries()) {
    progress.tell(`Applying: ${committed} of ${count(all, 'config')} committed`);
    try {
      const body = JSON.stringify({ configs });
      ({ version } = await api.commit(environment, body, `"${version}"`, message));
    } catch (error) {
      progress.end();
      throw interrupted(error, done, changes.length);
    }
    committed += configs.length;
  }
  progress.end();
  return version;
}

/** Says what is committed already, and what to do. */
function interrupted(error: unknown, done: number, all: number): unknown {
  if (!(error instanceof HoldfastError)) return error;
  const state = done === 0 ? 'Nothing is applied' : `${done} of ${count(all, 'change')} are applied`;
  const isRace = error.code === 'version_mismatch';
  if (!isRace && done === 0) return error;
  const why = isRace ? 'the environment was changed by another after it was read' : error.message;
  const text = `${state}: ${why}. Run plan again, and then apply.`;
  return new HoldfastError(error.code, text, { cause: error });
}
