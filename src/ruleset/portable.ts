/**
 * Rewrites constants of criteria that some public SDK misreads to an equal form that all read
 * alike. Pure.
 *
 * - Dates: python reads integers only, java no doubles, and each reads other texts. All read whole
 *   milliseconds.
 * - Integers from 2^31 to 2^32 - 1 in comparisons: node reads them as negative. All read the equal
 *   double.
 */
import { instant } from './dates.js';
import type { ConditionalValue, Config, ConfigRow, ConfigValue, Criterion } from './model.js';

const COMPARISONS: readonly (string | undefined)[] = [
  'PROP_LESS_THAN',
  'PROP_LESS_THAN_OR_EQUAL',
  'PROP_GREATER_THAN',
  'PROP_GREATER_THAN_OR_EQUAL',
];

/** The config with portable constants; the same object when all are. */
export function portableConfig(config: Config): Config {
  const rows = mapChanged(config.rows, portableRow);
  return rows === config.rows || rows === undefined ? config : { ...config, rows };
}

function portableRow(row: ConfigRow): ConfigRow {
  const values = mapChanged(row.values, portableConditional);
  return values === row.values || values === undefined ? row : { ...row, values };
}

function portableConditional(conditional: ConditionalValue): ConditionalValue {
  const criteria = mapChanged(conditional.criteria, portableCriterion);
  return criteria === conditional.criteria || criteria === undefined
    ? conditional
    : { ...conditional, criteria };
}

/** The criterion with a portable constant; the same object when it is. */
export function portableCriterion(criterion: Criterion): Criterion {
  const { operator, valueToMatch } = criterion;
  if (valueToMatch === undefined) return criterion;
  const isDate = operator === 'PROP_BEFORE' || operator === 'PROP_AFTER';
  const portable = isDate ? portableDate(valueToMatch) : portableNumber(operator, valueToMatch);
  return portable === undefined ? criterion : { ...criterion, valueToMatch: portable };
}

/** `undefined` for an integer, and for what is no date and is refused (criteria.ts). */
function portableDate({ string, double, ...rest }: ConfigValue): ConfigValue | undefined {
  if (string === undefined && double === undefined) return undefined;
  const at = instant(string ?? Number(double));
  return Number.isSafeInteger(at) ? { ...rest, int: `${at}` } : undefined;
}

function portableNumber(
  operator: string | undefined,
  { int, ...rest }: ConfigValue,
): ConfigValue | undefined {
  if (int === undefined || !COMPARISONS.includes(operator)) return undefined;
  const number = Number(int);
  return number >= 2 ** 31 && number < 2 ** 32 ? { ...rest, double: number } : undefined;
}

/** The list itself when no element changed. */
function mapChanged<T>(list: T[] | undefined, map: (element: T) => T): T[] | undefined {
  const mapped = list?.map(map);
  return mapped?.some((element, index) => element !== list?.[index]) === true ? mapped : list;
}
