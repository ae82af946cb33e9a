/** Reads the rules and the default of a row. */
import type { ConditionalValue, ConfigRow, ConfigValue, Criterion } from '../ruleset/model.js';
import { parseConditions } from '../words/conditions.js';
import { ConditionError } from '../words/scanner.js';
import type { Place } from './place.js';
import { readRollout, readFlagValue } from './read-value.js';
import { RULE_FIELDS, type ROW_FIELDS } from './terms.js';

/** The parts of a row as they are written. */
export type RowFields = Partial<Record<(typeof ROW_FIELDS)[number], Place>>;

/** The path of a row in errors, and the places that are found on the way. */
export interface RowContext {
  readonly places: Map<string, Place>;
  /** Such as `rows[0]`. */
  readonly path: string;
}

/** Reads a row without its environment. */
export function readRow(fields: RowFields, valueType: string | undefined, context: RowContext): ConfigRow {
  const values: ConditionalValue[] = [];
  const register = (place: Place, conditional: ConditionalValue) => {
    context.places.set(`${context.path}.values[${values.length}]`, place);
    values.push(conditional);
  };
  for (const rule of fields.rules?.list('rules must be a list.') ?? []) {
    for (const conditional of readRule(rule, valueType)) register(rule, conditional);
  }
  const outcome = readOutcome(fields.default, fields.rollout, valueType);
  if (outcome !== undefined) register(outcome.place, { value: outcome.value });
  const properties = [...(fields.properties?.map('properties must be a map.') ?? [])];
  return {
    ...(values.length === 0 ? {} : { values }),
    ...(properties.length === 0
      ? {}
      : {
          properties: Object.fromEntries(
            properties.map(([name, { value }]) => [name, readFlagValue(value, undefined)]),
          ),
        }),
  };
}

function readOutcome(
  value: Place | undefined,
  rollout: Place | undefined,
  valueType: string | undefined,
): { place: Place; value: ConfigValue } | undefined {
  if (value !== undefined && rollout !== undefined) {
    return rollout.fail('cannot be given together with a value; keep one of them.');
  }
  if (value !== undefined) return { place: value, value: readFlagValue(value, valueType) };
  return rollout && { place: rollout, value: readRollout(rollout, valueType) };
}

/** One rule, or several that say the same: versions compared with `<=` and `>=`. */
function readRule(place: Place, valueType: string | undefined): ConditionalValue[] {
  const rule = 'a rule must be a map such as {when: in segment beta, value: true}.';
  const { when, value, rollout } = place.fields(RULE_FIELDS, rule);
  const outcome = readOutcome(value, rollout, valueType);
  if (outcome === undefined) return place.fail('a rule must have a value or a rollout.');
  if (when === undefined) {
    return place.fail('a rule must say when it holds; a value for all others is the default of the config.');
  }
  return readWhen(when).map((criteria) => ({
    ...(criteria.length === 0 ? {} : { criteria }),
    value: outcome.value,
  }));
}

/** A condition, or a list of conditions that must all hold; an empty list always holds. */
function readWhen(when: Place): Criterion[][] {
  const conditions = when.isList ? when.list('') : [when];
  let rules: Criterion[][] = [[]];
  for (const condition of conditions) {
    const alternatives = readCondition(condition);
    rules = alternatives.flatMap((each) => rules.map((rule) => [...rule, ...each]));
    if (rules.length > MOST_RULES) {
      when.fail('has too many comparisons of versions with <= and >=; write several rules.');
    }
  }
  return rules;
}

/** Two comparisons of versions, from and up to, make four rules. */
const MOST_RULES = 4;

function readCondition(place: Place): Criterion[][] {
  const text = place.text('a condition, such as user.email ends with @acme.com,');
  try {
    return parseConditions(text);
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    return place.fail(error.reason, Math.max(place.offset, place.offset + shift(place, text) + error.offset));
  }
}

/** The quotes before a text; an error in a text with escapes is at its beginning. */
function shift(place: Place, text: string): number {
  const { source, offset } = place;
  if (source.text.startsWith(text, offset)) return 0;
  return source.text.startsWith(text, offset + 1) ? 1 : -Infinity;
}
