/**
 * `set` and `delete`, and the frame of all commands that edit one config: read, plan, and commit
 * only if nothing changed since the read.
 *
 * Two people who set at the same time are settled by `If-Match`: the second commit is answered
 * `version_mismatch`, and is planned again on what the first one left.
 */
import { WRITTEN_VALUE_TYPES } from '../../flag-file/terms.js';
import { HoldfastError } from '../../core/errors.js';
import { nearestWord } from '../../core/spelling.js';
import type { ConditionalValue, Config, ConfigRow } from '../../ruleset/model.js';
import type { Committed, Present } from '../api.js';
import { answer, type CommandContext } from '../context.js';
import { UsageError } from '../io.js';
import { isPercentage, planRollout, readPercentage } from '../rollout.js';
import { editedRow, withoutAuthor, withRow } from '../../ruleset/rows.js';
import { inferValue, parseAs, type TypedValue } from '../value.js';
import { summarizeConfig } from '../../words/configs.js';

const ATTEMPTS = 5;

/** The options of `set`. */
export interface SetOptions {
  readonly environment: string;
  /** A name of `WRITTEN_VALUE_TYPES`. */
  readonly type?: string | undefined;
  /** Replaces all rows by the one value, targeting included. */
  readonly allRules: boolean;
}

/** The reason for a change, for the history; the option `--message`. */
export interface EditReason {
  readonly message: string | undefined;
}

/** Sets the value of a config; `set`. */
export async function setConfig(
  context: CommandContext,
  key: string,
  text: string,
  options: Omit<SetOptions, 'environment'> & EditReason & { readonly create: boolean },
): Promise<void> {
  const { create, message, ...how } = options;
  const { before, after, environment, committed } = await editConfig(
    context,
    (present) => {
      const { environment, configs } = present;
      const before = create
        ? configs.find((config) => config.key === key)
        : presentConfig(configs, key, '--create creates it.');
      return { before, environment, after: withValue(before, key, text, { ...how, environment }) };
    },
    message,
  );
  const { version } = committed;
  answer(context, { key, version, before: before ?? null, after }, (out) => {
    const was =
      before === undefined
        ? `created as ${after.configType ?? ''}`
        : `was ${summarizeConfig(before, environment)}`;
    const is = `${key} is ${summarizeConfig(after, environment)}`;
    if (committed.unchanged === true) out.line(`${is} already; nothing was changed, version ${version}`);
    else out.line(`${is} (${was}), version ${version}`);
  });
}

/** Deletes a config; `delete`. */
export async function deleteConfig(
  context: CommandContext,
  key: string,
  { message }: EditReason,
): Promise<void> {
  const plan = ({ configs, environment }: Present): PlannedEdit => ({
    before: presentConfig(configs, key),
    environment,
    after: { key, configType: 'DELETED' },
  });
  const { before, committed } = await editConfig(context, plan, message);
  answer(context, { key, version: committed.version, before }, (out) => {
    out.line(`${key} is deleted, version ${committed.version}`);
  });
}

/**
 * The config with a key. Where there is none the error names the key that was probably meant: a
 * misspelt key must not become a config that nothing reads.
 *
 * @param otherwise a sentence that ends the error
 * @throws HoldfastError `not_found`
 */
export function presentConfig(configs: readonly Config[], key: string, otherwise?: string): Config {
  const found = configs.find((config) => config.key === key);
  if (found !== undefined) return found;
  const keys = configs.map((config) => config.key ?? '');
  const meant = nearestWord(key, keys) ?? keys.find((each) => each.endsWith(`.${key}`));
  const hint = meant === undefined ? 'holdfast show lists them.' : `Did you mean ${meant}?`;
  const sentences = [
    `There is no config ${JSON.stringify(key)}.`,
    hint,
    ...(otherwise === undefined ? [] : [otherwise]),
  ];
  throw new HoldfastError('not_found', sentences.join(' '));
}

/** A change of one config, before and after. */
export interface PlannedEdit {
  /** The number of the environment. */
  readonly environment: string;
  readonly before: Config | undefined;
  readonly after: Config;
}

/**
 * Reads the configs, plans a change of one of them, and commits it; all again when another change
 * came in between.
 *
 * @param message the reason for the change, for the history
 */
export async function editConfig(
  context: CommandContext,
  plan: (present: Present) => PlannedEdit,
  message?: string,
): Promise<PlannedEdit & { committed: Committed }> {
  const { around } = context;
  const environment = context.environment();
  const api = await context.api();
  // `set` and `delete` need the admin token to write, so that they must not begin by reading with
  // an API key.
  api.authorization('admin');
  for (let attempt = 1; ; attempt++) {
    const present = await api.present(environment);
    const { etag } = present;
    const planned = plan(present);
    try {
      const body = JSON.stringify({ configs: [planned.after] });
      const committed = await api.commit(environment, body, etag, message);
      return { ...planned, committed };
    } catch (error) {
      const raced = error instanceof HoldfastError && error.code === 'version_mismatch';
      if (!raced || attempt === ATTEMPTS) throw error;
      await around.sleep(50 * attempt * around.random(), around.signal);
    }
  }
}

/**
 * The config with another unconditional value in the environment; rules with criteria stay as they
 * are.
 *
 * Which row: the environment's own, else the default row, else a new one for the environment. A new
 * row next to a default row would hide the targeting that is there. In the row the first value
 * without criteria decides, so that one is replaced; where there is none, one is added at the end.
 *
 * The type is `type` if given, else the config's, else what the text looks like. A config that does
 * not exist becomes a FEATURE_FLAG when the value is true or false, a LOG_LEVEL when it is a log
 * level, else a CONFIG.
 */
export function withValue(
  present: Config | undefined,
  key: string,
  text: string,
  options: SetOptions,
): Config {
  return withDefault(present, key, read(present, text, options), options);
}

/** Makes a value the one of a config where no rule matches; see {@link withValue}. */
export function withDefault(
  present: Config | undefined,
  key: string,
  typed: TypedValue,
  { environment, allRules }: Pick<SetOptions, 'environment' | 'allRules'>,
): Config {
  const { valueType } = typed;
  const row = editedRow(present, environment);
  if (present === undefined) {
    return { key, configType: newType(typed), valueType, rows: [replaced(row, typed)] };
  }
  if (allRules) {
    return { ...withoutAuthor(present), valueType, rows: [replaced({ projectEnvId: environment }, typed)] };
  }
  return { ...withRow(present, row, replaced(row, typed)), valueType };
}

function read(present: Config | undefined, text: string, options: SetOptions): TypedValue {
  const { environment, allRules, type } = options;
  const valueType = type === undefined ? present?.valueType : WRITTEN_VALUE_TYPES[type];
  if (valueType === 'BOOL' && isPercentage(text)) {
    const share = readPercentage(text);
    // Without its rules it is a new rollout; else the one that is there goes on.
    const config = { ...present, valueType, rows: allRules ? [] : (present?.rows ?? []) };
    return planRollout(config, environment, { share }).typed;
  }
  if (valueType !== undefined && valueType !== 'NOT_SET_VALUE_TYPE') return parseAs(valueType, text);
  if (isPercentage(text)) {
    throw new UsageError(
      'VALUE looks like the share of a rollout; add --type bool for a flag that is on for it, or --type string for the text.',
    );
  }
  return inferValue(text);
}

function newType({ valueType }: TypedValue): string {
  if (valueType === 'BOOL') return 'FEATURE_FLAG';
  return valueType === 'LOG_LEVEL' ? 'LOG_LEVEL' : 'CONFIG';
}

function replaced(row: ConfigRow, { value }: TypedValue): ConfigRow {
  const values = row.values ?? [];
  const at = values.findIndex(({ criteria = [] }) => criteria.length === 0);
  const secret = values[at]?.value?.confidential === true ? { confidential: true } : {};
  const unconditional: ConditionalValue = { value: { ...value, ...secret } };
  return { ...row, values: at === -1 ? [...values, unconditional] : values.with(at, unconditional) };
}
