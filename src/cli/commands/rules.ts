/** `rule` and `rollout`: edits of the rules of one config, in words. */
import type { Config, ConfigValue } from '../../ruleset/model.js';
import { differences } from '../../words/differences.js';
import type { Present } from '../api.js';
import { answer, type CommandContext } from '../context.js';
import { UsageError } from '../io.js';
import { printDifferences } from '../print-differences.js';
import type { Printer } from '../printer.js';
import { flagRollout, isPercentage, planRollout, readPercentage, ROLLOUT_PROPERTY } from '../rollout.js';
import { addRules, listRules, moveRule, readConditions, readRuleNumber, removeRule } from '../rules.js';
import { withoutAuthor } from '../../ruleset/rows.js';
import { inferValue, parseAs } from '../value.js';
import { editConfig, presentConfig, withDefault, type PlannedEdit, type EditReason } from './edit.js';

/** Prints the rules of a config with their numbers; `rule list`. */
export async function ruleList(context: CommandContext, key: string): Promise<void> {
  const { configs, environment } = await (await context.api()).present(context.environment());
  const rules = listRules(presentConfig(configs, key), environment);
  answer(context, { key, environment, rules }, (out) => {
    if (rules.length === 0) out.line(`${key} has neither rules nor a default.`);
    const width = String(rules.length).length;
    for (const { number, text, isInDefaultRow } of rules) {
      const where = isInDefaultRow === true ? ' (in the default row)' : '';
      out.line(`${(number === undefined ? '' : String(number)).padStart(width)}  ${text}${where}`);
    }
  });
}

/** The options of `rule add`. */
export interface AddedRule extends EditReason {
  readonly conditions: readonly string[];
  /** The value, or the share of a rollout, as text. */
  readonly then: string;
  /** The property of a rollout. */
  readonly by: string | undefined;
  /** The number that the rule gets, as text. */
  readonly at: string | undefined;
}

/** Adds a rule to a config; `rule add`. */
export async function ruleAdd(context: CommandContext, key: string, options: AddedRule): Promise<void> {
  const rules = readConditions(options.conditions);
  const at = options.at === undefined ? undefined : readRuleNumber(options.at, '--at');
  await editRules(context, key, options, (config, environment) => {
    const value = readRuleValue(config, options);
    const added = rules.map((criteria) => ({ criteria, value }));
    return addRules(config, environment, added, at);
  });
}

function readRuleValue({ valueType = '' }: Config, { then, by }: AddedRule): ConfigValue {
  if (valueType === 'BOOL' && isPercentage(then)) {
    return flagRollout(readPercentage(then), checkedProperty(by)).typed.value;
  }
  if (by !== undefined) {
    throw new UsageError('--by belongs to a rollout of a flag: --then must be a percentage, such as 25%.');
  }
  const isTyped = valueType !== '' && valueType !== 'NOT_SET_VALUE_TYPE';
  return (isTyped ? parseAs(valueType, then) : inferValue(then)).value;
}

function checkedProperty(by: string | undefined): string | undefined {
  if (by?.trim() === '') throw new UsageError('--by must name a property, such as user.key.');
  return by;
}

/** Gives a rule another number; `rule move`. */
export async function ruleMove(
  context: CommandContext,
  key: string,
  [from, to]: readonly [from: string, to: string],
  reason: EditReason,
): Promise<void> {
  const [first, second] = [readRuleNumber(from, 'FROM'), readRuleNumber(to, 'TO')];
  await editRules(context, key, reason, (config, environment) =>
    moveRule(config, environment, first, second),
  );
}

/** Removes a rule; `rule remove`. */
export async function ruleRemove(
  context: CommandContext,
  key: string,
  number: string,
  reason: EditReason,
): Promise<void> {
  const removed = readRuleNumber(number, 'NUMBER');
  await editRules(context, key, reason, (config, environment) => removeRule(config, environment, removed));
}

/** The options of `rollout`. */
export interface RolloutCommand extends EditReason {
  readonly by: string | undefined;
  readonly to: string | undefined;
}

/** Gives a share of the contexts a value where no rule matches; `rollout`. */
export async function rolloutConfig(
  context: CommandContext,
  key: string,
  percentage: string,
  { by, to, message }: RolloutCommand,
): Promise<void> {
  const options = { share: readPercentage(percentage), by: checkedProperty(by), to };
  let property: string | undefined;
  await editRules(
    context,
    key,
    { message },
    (config, environment) => {
      const planned = planRollout(config, environment, options);
      property = planned.by;
      return withDefault(config, key, planned.typed, { environment, allRules: false });
    },
    (out) => {
      if (property === undefined) return;
      const other = by === undefined && property === ROLLOUT_PROPERTY ? ' (--by names another)' : '';
      out.line(`${property} decides who is in the share${other}; contexts without it are drawn at random.`);
    },
  );
}

type EditRules = (config: Config, environment: string) => Config;

/** Edits a config that exists, and prints what that changed. */
async function editRules(
  context: CommandContext,
  key: string,
  { message }: EditReason,
  edit: EditRules,
  more?: (out: Printer) => void,
): Promise<void> {
  const plan = ({ configs, environment }: Present): PlannedEdit => {
    const before = presentConfig(configs, key);
    return { before, environment, after: edit(before, environment) };
  };
  const edited = await editConfig(context, plan, message);
  printEdit(context, key, edited, more);
}

/** Prints what an edit of one config changed. */
export function printEdit(
  context: CommandContext,
  key: string,
  { before, after, committed: { version } }: Awaited<ReturnType<typeof editConfig>>,
  more?: (out: Printer) => void,
): void {
  // The author is not what the command is about.
  const changes = differences(before === undefined ? [] : [withoutAuthor(before)], [after]);
  const lines = changes.flatMap((each) => each.lines);
  answer(context, { key, version, before: before ?? null, after, lines }, (out) => {
    printDifferences(out, changes);
    if (changes.length === 0) out.line(`${key} was like that already.`);
    more?.(out);
    out.line(`Version ${version}`);
  });
}
