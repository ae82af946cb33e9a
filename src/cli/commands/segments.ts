/** `segment`: groups of contexts that the rules of other configs refer to. */
import { HoldfastError } from '../../core/errors.js';
import type { Config } from '../../ruleset/model.js';
import { referencesOf } from '../../ruleset/segments.js';
import { describeConfig, summarizeConfig } from '../../words/configs.js';
import { styled } from '../cell.js';
import { answer, type CommandContext } from '../context.js';
import { count } from '../format.js';
import { UsageError } from '../io.js';
import { readConditions } from '../rules.js';
import { editConfig, presentConfig, type EditReason } from './edit.js';
import { printEdit } from './rules.js';

/** The users of a segment that a list names, and those that `segment show` names. */
const LISTED_USERS = 3;
const SHOWN_USERS = 20;

/** Prints the segments and the configs that use them; `segment list`. */
export async function segmentList(context: CommandContext): Promise<void> {
  const { configs, environment } = await (await context.api()).present(context.environment());
  const segments = segmentsOf(configs)
    .map((segment) => ({ key: segment.key ?? '', segment, usedBy: usersOf(configs, segment.key) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const shown = segments.map(({ key, segment, usedBy }) => ({
    key,
    summary: summarizeConfig(segment, environment),
    usedBy,
  }));
  answer(context, { segments: shown }, (out) => {
    const rows = shown.map(({ key, summary, usedBy }) => [key, summary, named(usedBy, LISTED_USERS)]);
    out.table([['KEY', 'VALUE', 'USED BY'], ...rows], 'USED BY');
    context.err.line(count(shown.length, 'segment'));
  });
}

/** Prints one segment in words, and the configs that use it; `segment show`. */
export async function segmentShow(context: CommandContext, key: string): Promise<void> {
  const { configs, environment } = await (await context.api()).present(context.environment());
  const segment = presentSegment(configs, key);
  const usedBy = usersOf(configs, key);
  answer(context, { segment, usedBy }, (out) => {
    out.line(styled('bold', key));
    for (const line of describeConfig(segment, environment)) out.line('  ', line);
    out.line(usedBy.length === 0 ? '  not used by any config' : `  used by ${named(usedBy, SHOWN_USERS)}`);
  });
}

/** Creates a segment of the contexts for which all conditions hold; `segment create`. */
export async function segmentCreate(
  context: CommandContext,
  key: string,
  { conditions, message }: EditReason & { readonly conditions: readonly string[] },
): Promise<void> {
  const rules = readConditions(conditions);
  const edited = await editConfig(
    context,
    ({ configs, environment }) => {
      const existing = configs.find((config) => config.key === key);
      if (existing !== undefined) throw taken(existing);
      const values = [
        ...rules.map((criteria) => ({ criteria, value: { bool: true } })),
        { value: { bool: false } },
      ];
      const rows = [{ projectEnvId: environment, values }];
      return {
        before: undefined,
        environment,
        after: { key, configType: 'SEGMENT', valueType: 'BOOL', rows },
      };
    },
    message,
  );
  printEdit(context, key, edited);
}

/** Deletes a segment; `segment delete`. The server refuses to delete one that is used. */
export async function segmentDelete(context: CommandContext, key: string, reason: EditReason): Promise<void> {
  const edited = await editConfig(
    context,
    ({ configs, environment }) => ({
      before: presentSegment(configs, key),
      environment,
      after: { key, configType: 'DELETED' },
    }),
    reason.message,
  );
  printEdit(context, key, edited);
}

function segmentsOf(configs: readonly Config[]): Config[] {
  return configs.filter(({ configType }) => configType === 'SEGMENT');
}

function presentSegment(configs: readonly Config[], key: string): Config {
  const other = configs.find((config) => config.key === key && config.configType !== 'SEGMENT');
  if (other !== undefined) {
    throw new HoldfastError(
      'not_found',
      `${JSON.stringify(key)} is no segment, but a ${other.configType ?? 'config'}. Use holdfast show or delete for it.`,
    );
  }
  const segments = segmentsOf(configs);
  if (segments.some((segment) => segment.key === key)) return presentConfig(segments, key);
  return presentConfig(segments, key, 'holdfast segment list lists the segments.');
}

function taken({ key = '', configType = '' }: Config): UsageError {
  const remedy =
    configType === 'SEGMENT'
      ? `holdfast rule add ${key} adds a rule to it.`
      : 'Choose another key for the segment.';
  return new UsageError(`There is a ${configType} ${JSON.stringify(key)} already. ${remedy}`);
}

/** The first of some names, and how many more there are. */
function named(names: readonly string[], most: number): string {
  const more = names.length - most;
  return [...names.slice(0, most), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function usersOf(configs: readonly Config[], key: string | undefined): string[] {
  return configs
    .filter((config) => referencesOf(config).some((reference) => reference.key === key))
    .map((config) => config.key ?? '')
    .sort();
}
