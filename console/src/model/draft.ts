/** The rules of one config in one environment, as the editor has them. Pure. */
import type { ConditionalValue, Config } from '../../../src/ruleset/model.js';
import { editedRow, withRow } from '../../../src/ruleset/rows.js';

/** The rules that are tried in order, and the value when none applies. */
export interface Draft {
  readonly rules: readonly ConditionalValue[];
  /** `undefined`: there is no value then, or that of the default row. */
  readonly otherwise: ConditionalValue | undefined;
  readonly sendToClientSdk: boolean;
}

/** Reads the rules of a config in an environment. */
export function readDraft(config: Config, environment: string): Draft {
  const { values = [] } = editedRow(config, environment);
  const end = values.findIndex(({ criteria = [] }) => criteria.length === 0);
  return {
    rules: end === -1 ? values : values.slice(0, end),
    otherwise: end === -1 ? undefined : values[end],
    sendToClientSdk: config.sendToClientSdk === true,
  };
}

/** Puts edited rules into a config. The result has no id: it gets a new one. */
export function writeDraft(config: Config, environment: string, draft: Draft): Config {
  const row = editedRow(config, environment);
  const values = [...draft.rules, ...(draft.otherwise === undefined ? [] : [draft.otherwise])];
  const written = withRow(config, row, { ...row, values });
  if (draft.sendToClientSdk) return { ...written, sendToClientSdk: true };
  delete written.sendToClientSdk;
  return written;
}

/** Returns the place of the edited rules in the fields that errors of the server name. */
export function rulesField(config: Config, environment: string): string {
  const at = (config.rows ?? []).indexOf(editedRow(config, environment));
  return `configs[0].rows[${at === -1 ? (config.rows ?? []).length : at}].values`;
}

/** Returns the list with one entry at another place. */
export function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
  const rest = list.toSpliced(from, 1);
  const entry = list[from];
  return entry === undefined || to < 0 || to > rest.length ? list : rest.toSpliced(to, 0, entry);
}

/** Returns the value of a flag without rules, where it is true or false; what one click changes. */
export function plainBool(config: Config, environment: string): boolean | undefined {
  if (config.valueType !== 'BOOL' || config.configType !== 'FEATURE_FLAG') return undefined;
  const { rules, otherwise } = readDraft(config, environment);
  return rules.length === 0 ? otherwise?.value?.bool : undefined;
}
