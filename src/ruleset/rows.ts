/** The rows of a config as edits choose and change them. Pure. */
import type { Config, ConfigRow } from './model.js';

/**
 * Finds the row that an edit changes: the environment's own, else the default row, else a new one
 * for the environment. A new row next to a default row would hide the targeting that is there.
 */
export function editedRow(config: Config | undefined, environment: string): ConfigRow {
  const rows = config?.rows ?? [];
  return (
    rows.find(({ projectEnvId }) => projectEnvId === environment) ??
    rows.find(({ projectEnvId }) => projectEnvId === undefined) ?? { projectEnvId: environment }
  );
}

/**
 * Puts a changed row in the place of another, or adds it. The result has no id, because a new one
 * is assigned, and no author, because another operator changes it now.
 */
export function withRow(config: Config, row: ConfigRow, changed: ConfigRow): Config {
  const rows = config.rows ?? [];
  const next = rows.includes(row) ? rows.map((each) => (each === row ? changed : each)) : [...rows, changed];
  return { ...withoutAuthor(config), rows: next };
}

/** Leaves out the id and the author of a config. */
export function withoutAuthor(config: Config): Config {
  const rest = { ...config };
  delete rest.id;
  delete rest.changedBy;
  return rest;
}
