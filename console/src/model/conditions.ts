/** Conditions as fields of a form: a kind of property, an operator, an operand as text. Pure. */
import type { Config, ConfigValue, Criterion } from '../../../src/ruleset/model.js';
import { operatorWords, segmentWords, type Operand } from '../../../src/words/operators.js';

/** The kinds of conditions, by what the property is. */
export const CONDITION_KINDS = {
  text: 'text',
  number: 'number',
  version: 'version',
  date: 'date',
  segment: 'segment',
} as const;

/** A kind of condition. */
export type ConditionKind = keyof typeof CONDITION_KINDS;

const KIND_OF_OPERAND: Readonly<Record<Operand, ConditionKind>> = {
  list: 'text',
  pattern: 'text',
  text: 'text',
  number: 'number',
  range: 'number',
  version: 'version',
  date: 'date',
};

/** An operator that a form offers. */
export interface OfferedOperator {
  readonly operator: string;
  readonly words: string;
  readonly operand: Operand | 'segment';
  readonly kind: ConditionKind;
}

/** Every operator, in the words of the command line. */
export const OPERATORS_IN_WORDS: readonly OfferedOperator[] = [
  ...operatorWords.map((each) => ({ ...each, kind: KIND_OF_OPERAND[each.operand] })),
  ...Object.entries(segmentWords).map(([operator, words]) => ({
    operator,
    words,
    operand: 'segment' as const,
    kind: 'segment' as const,
  })),
];

/** Returns the operator of a condition; `undefined` for one that the form does not know. */
export function operatorOf({ operator }: Criterion): OfferedOperator | undefined {
  return OPERATORS_IN_WORDS.find((each) => each.operator === operator);
}

/** Returns the operand as the form shows it. */
export function operandText({ valueToMatch = {} }: Criterion): string {
  const { stringList, string, int, double, intRange } = valueToMatch;
  if (stringList !== undefined) return (stringList.values ?? []).join('\n');
  if (intRange !== undefined) return `${intRange.start ?? ''}..${intRange.end ?? ''}`;
  return string ?? int ?? (double === undefined ? '' : String(double));
}

/** Reads the operand of the form. What is no number or range is kept as text: the server says so. */
export function operandValue(operand: OfferedOperator['operand'], text: string): ConfigValue {
  switch (operand) {
    case 'list':
      return { stringList: { values: text.split('\n').filter((line) => line !== '') } };
    case 'number':
      if (/^-?\d+$/.test(text.trim())) return { int: text.trim() };
      return Number.isFinite(Number(text)) && text.trim() !== ''
        ? { double: Number(text) }
        : { string: text };
    case 'range': {
      const [, start, end] = /^(-?\d*)\s*\.\.\s*(-?\d*)$/.exec(text.trim()) ?? [];
      return { intRange: { ...(start ? { start } : {}), ...(end ? { end } : {}) } };
    }
    case 'date':
      return Number.isNaN(Date.parse(text)) ? { string: text } : { int: `${Date.parse(text)}` };
    case 'version':
    case 'pattern':
    case 'text':
    case 'segment':
      return { string: text };
  }
}

/** Returns the condition with another operator; the operand is kept where it can be. */
export function withOperator(criterion: Criterion, operator: OfferedOperator): Criterion {
  const before = operatorOf(criterion);
  const keeps = before?.operand === operator.operand;
  const next: Criterion = {
    ...criterion,
    operator: operator.operator,
    valueToMatch: keeps ? (criterion.valueToMatch ?? {}) : operandValue(operator.operand, ''),
  };
  if (operator.kind === 'segment') delete next.propertyName;
  else next.propertyName ??= 'user.email';
  return next;
}

/** Collects the properties that conditions of a ruleset read, with the kind that they are read as. */
export function propertiesOf(configs: readonly Config[]): ReadonlyMap<string, ConditionKind> {
  const found = new Map<string, ConditionKind>([
    ['user.key', 'text'],
    ['user.email', 'text'],
  ]);
  for (const { rows = [] } of configs) {
    for (const { criteria = [] } of rows.flatMap(({ values = [] }) => values)) {
      for (const criterion of criteria) {
        const kind = operatorOf(criterion)?.kind;
        if (criterion.propertyName && kind !== undefined) found.set(criterion.propertyName, kind);
      }
    }
  }
  return found;
}
