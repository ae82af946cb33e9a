/** The content of configs, as writers mean it and as the store has it. Pure. */
import type { Config } from '../src/ruleset/model.js';

/**
 * Text that is the same for a config as a writer drew it and as the store has it. All but flags and
 * deletions are unique in a run, by their token.
 */
export function contentOf({ configType, rows = [] }: Config): string {
  if (configType === 'DELETED') return 'deleted';
  const tokens = rows
    .flatMap(({ values = [] }) => values)
    .flatMap(({ criteria = [], value }) => [
      ...criteria.flatMap(({ valueToMatch }) => valueToMatch?.stringList?.values ?? []),
      value?.string ?? `${value?.bool}`,
    ]);
  return tokens.join(' ');
}

/** The keys of the segments that a config refers to. */
export function segmentsUsedBy({ rows = [] }: Config): string[] {
  return rows
    .flatMap(({ values = [] }) => values)
    .flatMap(({ criteria = [] }) => criteria)
    .filter(({ operator }) => operator === 'IN_SEG')
    .flatMap(({ valueToMatch }) => valueToMatch?.string ?? []);
}
