/** Explanations as the interface gives them: rules, conditions and values in words. Pure. */
import { z } from 'zod';
import type { ContextValue } from '../../evaluate/contexts.js';
import type { ExplainedRule, Explanation, FailedRule } from '../../evaluate/explanation.js';
import type { Value } from '../../evaluate/result.js';
import type { ConfigValue } from '../../ruleset/model.js';
import { describeConditions, describeRule } from '../../words/configs.js';
import { describeValue, isConfidential, shorten } from '../../words/values.js';

/** The characters of an attribute that are shown. */
const LONGEST_ACTUAL = 160;

const ruleAnswer = z.object({
  index: z.int().meta({ description: 'Counted from 0 in the order in which rules are tried.' }),
  text: z.string().meta({ description: 'The rule in words.' }),
});

const decidedAnswer = ruleAnswer.extend({
  segments: z
    .array(z.string())
    .optional()
    .meta({ description: 'The segments that its conditions ask for, which `segments` explains.' }),
});

const failedAnswer = ruleAnswer.extend({
  failed: z.string().meta({ description: 'The first condition that does not hold, in words.' }),
  actual: z.string().optional().meta({ description: 'What the context has; absent: nothing.' }),
  segment: z
    .string()
    .optional()
    .meta({ description: 'The segment that the condition asks for, which `segments` explains.' }),
});

/** A segment that a condition asks for, and why the context is in it or not. */
export const segmentAnswer = z
  .object({
    key: z.string(),
    member: z.boolean(),
    unresolved: z.enum(['missing', 'unmatched', 'withheld', 'unreadable']).optional(),
    rule: decidedAnswer.optional(),
    earlier: z.array(failedAnswer),
  })
  .meta({ id: 'ExplainedSegment' });

/** An evaluation and its explanation, as the route answers it. */
export const evaluationAnswer = z
  .object({
    key: z.string(),
    reason: z.enum(['STATIC', 'TARGETING_MATCH', 'SPLIT', 'DEFAULT', 'ERROR']),
    value: z.unknown().optional(),
    text: z.string().optional().meta({ description: 'The value in words.' }),
    confidential: z.literal(true).optional(),
    unresolved: z.enum(['missing', 'unmatched', 'withheld', 'unreadable']).optional(),
    rule: decidedAnswer.optional(),
    earlier: z.array(failedAnswer),
  })
  .meta({ id: 'ExplainedEvaluation' });

/** Gives an evaluation and its explanation in words. */
export function evaluationJson(
  key: string,
  { evaluation, decided, failed }: Explanation,
): z.input<typeof evaluationAnswer> {
  const rule = decided && { rule: decidedJson(decided) };
  const earlier = failed.map(failedJson);
  if (evaluation.kind === 'unresolved') {
    const reason = evaluation.why === 'unmatched' ? ('DEFAULT' as const) : ('ERROR' as const);
    return { key, reason, unresolved: evaluation.why, ...rule, earlier };
  }
  const { reason, value, weighted } = evaluation;
  const given = decided?.conditional.value;
  const chosen = weighted === undefined ? given : given?.weightedValues?.weightedValues?.[weighted]?.value;
  const isSecret = [given, chosen].some((each) => each !== undefined && isConfidential(each));
  const shown = isSecret ? { confidential: true as const } : valueJson(value, chosen);
  return { key, reason, ...shown, ...rule, earlier };
}

function valueJson(value: Value, chosen: ConfigValue | undefined): { value: unknown; text: string } {
  return { value: jsonOf(value), text: describeValue(chosen, LONGEST_ACTUAL) };
}

/** The value as JSON; integers and doubles that JSON cannot carry are text. */
function jsonOf(value: Value): unknown {
  switch (value.kind) {
    case 'int':
      return typeof value.value === 'bigint' ? `${value.value}` : value.value;
    case 'double':
      return Number.isFinite(value.value) ? value.value : `${value.value}`;
    case 'duration':
      return value.definition;
    case 'bool':
    case 'string':
    case 'stringList':
    case 'json':
    case 'logLevel':
      return value.value;
  }
}

function ruleJson({ number, conditional }: ExplainedRule): { index: number; text: string } {
  return { index: number, text: describeRule(withoutSecret(conditional), number === 0) };
}

function decidedJson(rule: ExplainedRule): z.input<typeof decidedAnswer> {
  const segments = segmentsOfRule(rule).map(({ key }) => key);
  return { ...ruleJson(rule), ...(segments.length === 0 ? {} : { segments }) };
}

/** A confidential rollout hides its variants too. */
function withoutSecret(conditional: ExplainedRule['conditional']): ExplainedRule['conditional'] {
  const { value } = conditional;
  return value !== undefined && isConfidential(value)
    ? { ...conditional, value: { confidential: true } }
    : conditional;
}

function failedJson(rule: FailedRule): z.input<typeof evaluationAnswer>['earlier'][number] {
  const { criterion, actual } = rule;
  const failed = describeConditions([criterion]);
  const segment = segmentOfCriterion(criterion)?.key;
  return {
    ...ruleJson(rule),
    failed,
    ...(actual === undefined ? {} : { actual: textOf(actual) }),
    ...(segment === undefined ? {} : { segment }),
  };
}

/** A segment, and whether the context is in it as the condition that asks for it came out. */
export interface AskedSegment {
  readonly key: string;
  readonly isMember: boolean;
}

/** The segments that an explanation refers to: of the failed conditions, and of the rule that decided. */
export function askedSegments({ decided, failed }: Explanation): AskedSegment[] {
  const ofFailed = failed.flatMap(({ criterion }) => {
    const asked = segmentOfCriterion(criterion);
    return asked === undefined ? [] : [{ ...asked, isMember: !asked.isMember }];
  });
  return decided === undefined ? ofFailed : [...ofFailed, ...segmentsOfRule(decided)];
}

/** The conditions of a rule that applies hold. */
function segmentsOfRule({ conditional: { criteria = [] } }: ExplainedRule): AskedSegment[] {
  return criteria.flatMap((criterion) => segmentOfCriterion(criterion) ?? []);
}

/** The segment that a condition asks for, and membership in it if the condition holds. */
function segmentOfCriterion({ operator, valueToMatch }: FailedRule['criterion']): AskedSegment | undefined {
  const key = valueToMatch?.string;
  if (key === undefined || (operator !== 'IN_SEG' && operator !== 'NOT_IN_SEG')) return undefined;
  return { key, isMember: operator === 'IN_SEG' };
}

/** Gives the explanation of a segment in words. */
export function segmentJson(
  key: string,
  member: boolean,
  { evaluation, decided, failed }: Explanation,
): z.input<typeof segmentAnswer> {
  return {
    key,
    member,
    ...(evaluation.kind === 'unresolved' ? { unresolved: evaluation.why } : {}),
    ...(decided && { rule: decidedJson(decided) }),
    earlier: failed.map(failedJson),
  };
}

function textOf(actual: ContextValue): string {
  const text =
    typeof actual === 'object' || typeof actual === 'string' ? JSON.stringify(actual) : String(actual);
  return shorten(text, LONGEST_ACTUAL);
}
