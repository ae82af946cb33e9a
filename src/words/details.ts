/** Differences for which there are no words: fields of the data model, by their paths. */
import type { Config } from '../ruleset/model.js';
import { shorten } from './values.js';

/** Lines of a config at most; what is more is counted. */
const MOST_LINES = 20;

/**
 * Compares the fields of two configs that rules, type, visibility and description do not cover; all
 * fields when nothing else was said about the change, so that no change is without a line.
 */
export function detailDifferences(before: Config, after: Config, isSaid: boolean): string[] {
  const found: string[] = [];
  compare(isSaid ? detailsOf(before) : masked(before), isSaid ? detailsOf(after) : masked(after), '', found);
  const more = found.length - MOST_LINES;
  return more > 0 ? [...found.slice(0, MOST_LINES), `~ … and ${more} more differences`] : found;
}

function detailsOf(config: Config): unknown {
  const { allowableValues, draftId, schemaKey, changedBy, rows = [] } = config;
  const properties = rows.map((row) => {
    const others = { ...row.properties };
    delete others.description;
    return others;
  });
  return masked({ allowableValues, draftId, schemaKey, changedBy, properties });
}

/** A copy in which confidential values are not readable, but different where they differ in length. */
function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  const { confidential, decryptWith } = value as { confidential?: unknown; decryptWith?: unknown };
  if (confidential === true || decryptWith !== undefined) return '(confidential)';
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, masked(member)]));
}

function compare(before: unknown, after: unknown, path: string, found: string[]): void {
  const [old, present] = [membersOf(before), membersOf(after)];
  if (old === undefined || present === undefined) {
    const [a, b] = [textOf(before), textOf(after)];
    if (a === b) return;
    if (before === undefined) found.push(`+ ${path}: ${b}`);
    else if (after === undefined) found.push(`- ${path}: ${a}`);
    else found.push(`~ ${path}: ${a} → ${b}`);
    return;
  }
  const isList = Array.isArray(before) || Array.isArray(after);
  for (const name of new Set([...old.keys(), ...present.keys()])) {
    const at = isList ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
    compare(old.get(name), present.get(name), at, found);
  }
}

function membersOf(value: unknown): Map<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
}

function textOf(value: unknown): string {
  return value === undefined ? 'nothing' : shorten(JSON.stringify(value), 200);
}
