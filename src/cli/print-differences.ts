/** Prints differences between configs, as plans, previews, history and comparisons show them. */
import type { ConfigDifference } from '../words/differences.js';
import { styled, type TextStyle } from './cell.js';
import type { Printer } from './printer.js';

const STYLES: Readonly<Record<string, TextStyle>> = { '+': 'green', '-': 'red', '~': 'yellow' };

/** Prints each config that differs, with a line per difference. */
export function printDifferences(out: Printer, differences: readonly ConfigDifference[]): void {
  for (const { key, kind, lines } of differences) {
    out.line(styled('bold', key), ` is ${kind}`);
    for (const line of lines) out.line('  ', styled(STYLES[line.slice(0, 1)] ?? 'dim', line));
  }
}

/** Says how many configs differ in which way. */
export function differenceSummary(differences: readonly ConfigDifference[]): string {
  if (differences.length === 0) return 'No changes.';
  const kinds = (['added', 'changed', 'deleted'] as const).map(
    (kind) => `${differences.filter((each) => each.kind === kind).length} ${kind}`,
  );
  return `${kinds.join(', ')}.`;
}
