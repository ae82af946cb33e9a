/**
 * The route that evaluates configs for an operator, and explains the results. [protocol]
 * #explanations
 */
import { z } from 'zod';
import { HoldfastError } from '../../core/errors.js';
import { eventLoop } from '../../core/turns.js';
import { canonical, contextsOf, type Contexts, type ContextValue } from '../../evaluate/contexts.js';
import type { Evaluator } from '../../evaluate/evaluator.js';
import type { ExplainedRule, Explanation, FailedRule } from '../../evaluate/explanation.js';
import { deterministicRandom } from '../../evaluate/random.js';
import type { Value } from '../../evaluate/result.js';
import { ONE_TURN } from '../../evaluate/work-slices.js';
import { readOfrepContexts } from '../../ofrep/contexts.js';
import { unknownEnvironment } from '../../replica/missing.js';
import { readContextSetJson } from '../../ruleset/json.js';
import type { ConfigValue } from '../../ruleset/model.js';
import type { Ruleset } from '../../ruleset/ruleset.js';
import { describeConditions, describeRule } from '../../words/configs.js';
import { describeValue, isConfidential, shorten } from '../../words/values.js';
import { attribution } from './attribution.js';
import { draftEvaluator } from './draft.js';
import { idText } from './input.js';
import type { AdminParts } from './parts.js';
import { adminRoute } from './route.js';

/** The keys of one request. */
const KEYS_MAX = 1_000;
/** The characters of an attribute that are shown. */
const LONGEST_ACTUAL = 160;
/** Explanations that a change of the ruleset may interrupt before all are made in a single turn. */
const MAX_INTERRUPTED = 3;

const KEYS_RULE = `must be a list of 1 to ${KEYS_MAX} keys of configs`;

/** The configs of a change that is evaluated and not made. */
const DRAFT_MAX = 100;
const DRAFT_RULE = `must be a list of 1 to ${DRAFT_MAX} configs`;

const evaluateBody = z.strictObject({
  context: z
    .unknown()
    .optional()
    .meta({ description: 'A context as OpenFeature has it: targetingKey and attributes.' }),
  contexts: z
    .unknown()
    .optional()
    .meta({ description: 'Typed contexts: the contexts of a ContextSet in proto3-JSON.' }),
  keys: z
    .array(z.string(KEYS_RULE), KEYS_RULE)
    .min(1, KEYS_RULE)
    .max(KEYS_MAX, KEYS_RULE)
    .optional()
    .meta({ description: 'The keys of the configs; all that are not deleted unless given.' }),
  configs: z.array(z.unknown(), DRAFT_RULE).min(1, DRAFT_RULE).max(DRAFT_MAX, DRAFT_RULE).optional().meta({
    description:
      'A change in proto3-JSON that is not made: the values are those after it. `keys` then defaults to its keys.',
  }),
});

const ruleAnswer = z.object({
  index: z.int().meta({ description: 'Counted from 0 in the order in which rules are tried.' }),
  text: z.string().meta({ description: 'The rule in words.' }),
});

const evaluationAnswer = z
  .object({
    key: z.string(),
    reason: z.enum(['STATIC', 'TARGETING_MATCH', 'SPLIT', 'DEFAULT', 'ERROR']),
    value: z.unknown().optional(),
    text: z.string().optional().meta({ description: 'The value in words.' }),
    confidential: z.literal(true).optional(),
    unresolved: z.enum(['missing', 'unmatched', 'withheld', 'unreadable']).optional(),
    rule: ruleAnswer.optional(),
    earlier: z.array(
      ruleAnswer.extend({
        failed: z.string().meta({ description: 'The first condition that does not hold, in words.' }),
        actual: z.string().optional().meta({ description: 'What the context has; absent: nothing.' }),
      }),
    ),
  })
  .meta({ id: 'ExplainedEvaluation' });

/** The route that evaluates and explains. */
export const EVALUATE_ROUTES = [
  adminRoute({
    method: 'POST',
    path: '/environments/:id/evaluate',
    operation: 'evaluate',
    role: 'viewer',
    scope: 'environment',
    summary: 'Evaluates configs for a context, and explains each value by the rules',
    body: evaluateBody,
    answers: {
      200: z.object({
        environment: idText,
        version: idText,
        evaluations: z.array(evaluationAnswer),
        ignored: z.array(z.string()).optional(),
      }),
    },
    errors: ['environment_unknown', 'busy', 'config_too_large', 'segment_missing'],
    audit: false,
    handle: async ({ operator, environment, body }, response, parts) => {
      const { contexts, ignored } = readContexts(body);
      const by = attribution(operator, 'http', undefined);
      const { configs } = body;
      const subject =
        configs === undefined
          ? await currentSubject(parts, environment, body.keys)
          : await draftEvaluator(parts, { environment, by, configs, keys: body.keys });
      const { version, explanations } = await explainAll({ ...subject, contexts, now: parts.now() });
      response.json({
        environment: `${environment}`,
        version: `${version}`,
        evaluations: explanations.map(({ key, explanation }) => evaluationJson(key, explanation)),
        ...(ignored.length === 0 ? {} : { ignored: [...ignored] }),
      });
    },
  }),
];

/** The evaluator of the present ruleset, and the keys to evaluate. */
async function currentSubject(
  { replica, evaluators }: AdminParts,
  environment: bigint,
  keys: readonly string[] | undefined,
): Promise<{ evaluator: Evaluator; keys: readonly string[] }> {
  const current = await replica.confirmed(environment);
  if (current === undefined) throw unknownEnvironment(environment);
  const { ruleset } = current;
  return { evaluator: await evaluators.of(ruleset), keys: keys ?? liveKeys(ruleset) };
}

function readContexts({ context, contexts }: z.output<typeof evaluateBody>): {
  contexts: Contexts;
  ignored: readonly string[];
} {
  if (contexts === undefined) return readOfrepContexts(context === undefined ? {} : { context });
  if (context !== undefined) {
    throw new HoldfastError('field_invalid', 'contexts cannot be given together with context; keep one', {
      field: 'contexts',
    });
  }
  return { contexts: contextsOf(readContextSetJson({ contexts }, '')), ignored: [] };
}

function liveKeys(ruleset: Ruleset): string[] {
  if (ruleset.live > KEYS_MAX) {
    throw new HoldfastError(
      'field_invalid',
      `keys must be given: the environment has ${ruleset.live} configs, and at most ${KEYS_MAX} are evaluated at a time`,
      { field: 'keys' },
    );
  }
  const keys: string[] = [];
  for (const { key, deleted } of ruleset.configs()) if (!deleted) keys.push(key);
  return keys.sort();
}

interface ExplainQuery {
  readonly evaluator: Evaluator;
  readonly keys: readonly string[];
  readonly contexts: Contexts;
  readonly now: number;
}

interface ExplainedKey {
  readonly key: string;
  readonly explanation: Explanation;
}

/** Explains in slices, all of one version. */
async function explainAll({ evaluator, keys, contexts, now }: ExplainQuery): Promise<{
  version: bigint;
  explanations: ExplainedKey[];
}> {
  const options = { now, random: deterministicRandom(canonical(contexts)) };
  for (let attempt = 1; ; attempt++) {
    const slices = attempt > MAX_INTERRUPTED ? ONE_TURN : await eventLoop.begin();
    const { version } = evaluator;
    const explanations: ExplainedKey[] = [];
    for (const key of keys) {
      explanations.push({ key, explanation: evaluator.explain(key, contexts, options) });
      if (slices.isOver) await slices.next();
      if (evaluator.version !== version) break;
    }
    if (evaluator.version === version) return { version, explanations };
  }
}

function evaluationJson(
  key: string,
  { evaluation, decided, failed }: Explanation,
): z.input<typeof evaluationAnswer> {
  const rule = decided && { rule: ruleJson(decided) };
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
  return { ...ruleJson(rule), failed, ...(actual === undefined ? {} : { actual: textOf(actual) }) };
}

function textOf(actual: ContextValue): string {
  const text =
    typeof actual === 'object' || typeof actual === 'string' ? JSON.stringify(actual) : String(actual);
  return shorten(text, LONGEST_ACTUAL);
}
