/** `history`, `rollback`, `promote` and `diff`: what changed, and taking it back or over. */
import { HoldfastError } from '../../core/errors.js';
import type { Config, ConfigRow } from '../../ruleset/model.js';
import { differences, type ConfigDifference } from '../../words/differences.js';
import { environmentPath, type Committed } from '../api.js';
import { styled } from '../cell.js';
import { answer, type CommandContext } from '../context.js';
import { count } from '../format.js';
import { UsageError } from '../io.js';
import { differenceSummary, printDifferences } from '../print-differences.js';
import type { Printer } from '../printer.js';
import { shownTime } from '../value.js';

/** A change as the history has it. */
interface ListedChange {
  readonly id: string;
  readonly version: string;
  readonly at: string;
  readonly author: string;
  readonly message?: string;
  readonly source: string;
  readonly configs: readonly ConfigDifference[];
  /** Changed configs that a list leaves out. */
  readonly more?: number;
  readonly isTooLarge?: true;
}

/** The options of `history`. */
export interface HistoryCommand {
  readonly limit?: string | undefined;
  readonly before?: string | undefined;
  readonly author?: string | undefined;
}

/** Lists the changes of an environment or of one config, the newest first; `history`. */
export async function showHistory(
  context: CommandContext,
  key: string | undefined,
  { limit, before, author }: HistoryCommand,
): Promise<void> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ key, limit, before, author })) {
    if (value !== undefined) query.set(name, value);
  }
  const path = `${environmentPath(context.environment())}/history?${query.toString()}`;
  const page = (await (await context.api()).request('GET', path, { as: 'admin' })).body as {
    changes: ListedChange[];
    next?: string;
  };
  answer(context, page, (out) => {
    for (const change of page.changes) {
      const ours = key === undefined ? change.configs : change.configs.filter((each) => each.key === key);
      printHead(out, change);
      printConfigs(out, change, ours);
    }
    if (page.changes.length === 0) out.line('There is no such change in the history.');
    if (page.next !== undefined) out.line(styled('dim', `Older ones: --before ${page.next}`));
  });
}

/** Shows one change in full; `history --change`. */
export async function showChange(context: CommandContext, place: string): Promise<void> {
  const path = `${environmentPath(context.environment())}/history/${encodeURIComponent(place)}`;
  const change = (await (await context.api()).request('GET', path, { as: 'admin' })).body as ListedChange;
  answer(context, change, (out) => {
    printHead(out, change);
    printDifferences(out, change.configs);
    if (change.isTooLarge) out.line('It was kept without its configs, because it is too large.');
  });
}

function printHead(out: Printer, { version, at, author, source, message }: ListedChange): void {
  const by = source === 'http' ? author : `${author} (${source})`;
  out.line(
    styled('yellow', version),
    `  ${shownTime(at)}  ${by}${message === undefined ? '' : `: ${message}`}`,
  );
}

/** The configs of a listed change: the lines of one, else the keys. */
function printConfigs(out: Printer, { more = 0 }: ListedChange, configs: readonly ConfigDifference[]): void {
  const [only, ...others] = configs;
  if (only !== undefined && others.length === 0 && more === 0) {
    printDifferences(out, [only]);
    return;
  }
  for (const { key, kind } of configs) out.line(`  ${key} is ${kind}`);
  if (more > 0) out.line(`  and ${count(more, 'config')} more`);
}

/** The options of `rollback`. */
export interface RollbackCommand {
  readonly to?: string | undefined;
  readonly undo?: string | undefined;
  readonly message?: string | undefined;
  readonly dryRun: boolean;
}

/** Takes changes back as a new change; `rollback`. */
export async function rollBack(
  context: CommandContext,
  keys: readonly string[],
  { to, undo, message, dryRun }: RollbackCommand,
): Promise<void> {
  if ((to === undefined) === (undo === undefined)) {
    throw new UsageError('rollback needs --to VERSION or --undo VERSION; holdfast history lists them.');
  }
  if (undo !== undefined && keys.length > 0) {
    throw new UsageError('--undo takes back a change as a whole; give keys with --to.');
  }
  const target = undo === undefined ? { to, ...(keys.length === 0 ? {} : { keys }) } : { undo };
  await revise(context, 'rollback', { ...target, message, dryRun });
}

/** The options of `promote`. */
export interface PromoteCommand {
  readonly from: string;
  readonly deletions: boolean;
  readonly message?: string | undefined;
  readonly dryRun: boolean;
}

/** Copies configs from another environment; `promote`. */
export async function promote(
  context: CommandContext,
  keys: readonly string[],
  { from, deletions, message, dryRun }: PromoteCommand,
): Promise<void> {
  const chosen = keys.length === 0 ? {} : { keys };
  await revise(context, 'promote', { from, ...chosen, deletions, message, dryRun });
}

/** Asks for a rollback or promotion: first for its differences, then for the change at that version. */
async function revise(
  context: CommandContext,
  route: 'rollback' | 'promote',
  body: { readonly dryRun: boolean } & Readonly<Record<string, unknown>>,
): Promise<void> {
  const api = await context.api();
  const path = `${environmentPath(context.environment())}/${route}`;
  const preview = await api.request('POST', path, { as: 'admin', body: { ...body, dryRun: true } });
  const { configs } = preview.body as { configs: readonly ConfigDifference[] };
  if (body.dryRun || configs.length === 0) {
    answer(context, preview.body, (out) => {
      printDifferences(out, configs);
      out.line(`${differenceSummary(configs)}${body.dryRun ? ' Nothing is committed.' : ''}`);
    });
    return;
  }
  const headers = preview.etag === undefined ? {} : { 'if-match': preview.etag };
  const { body: committed } = await api.request('POST', path, { as: 'admin', body, headers, once: true });
  answer(context, committed, (out) => {
    printDifferences(out, configs);
    out.line(`${differenceSummary(configs)} Version ${(committed as Committed).version}`);
  });
}

/** Prints what the second environment has otherwise than the first; `diff`. */
export async function compareEnvironments(context: CommandContext, a: string, b: string): Promise<void> {
  const api = await context.api();
  const [first, second] = [await api.present(a), await api.present(b)];
  if (first.environment === second.environment) {
    throw new HoldfastError('field_invalid', `${a} and ${b} are the same environment: give two`);
  }
  const comparable = (configs: readonly Config[], environment: string) =>
    configs.map((config) => forAny(config, environment));
  const found = differences(
    comparable(first.configs, first.environment),
    comparable(second.configs, second.environment),
  );
  answer(context, { from: first.environment, to: second.environment, configs: found }, (out) => {
    printDifferences(out, found);
    out.line(found.length === 0 ? 'They are the same.' : differenceSummary(found));
  });
}

/** A config as if every environment had the rows of this one, without who changed it. */
function forAny(config: Config, environment: string): Config {
  const { rows = [], ...rest } = config;
  delete rest.changedBy;
  const own = rows.find(({ projectEnvId }) => projectEnvId === environment);
  const shared = rows.find(({ projectEnvId }) => projectEnvId === undefined);
  const row = own ?? shared;
  return { ...rest, ...(row === undefined ? {} : { rows: [withoutEnvironment(row)] }) };
}

function withoutEnvironment({ projectEnvId: _environment, ...row }: ConfigRow): ConfigRow {
  return row;
}
