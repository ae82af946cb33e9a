/**
 * The route that evaluates configs for an operator, and explains the results. [protocol]
 * #explanations
 */
import { z } from 'zod';
import { HoldfastError } from '../../core/errors.js';
import { eventLoop } from '../../core/turns.js';
import { canonical, contextsOf, type Contexts } from '../../evaluate/contexts.js';
import type { Evaluator } from '../../evaluate/evaluator.js';
import type { EvaluationOptions } from '../../evaluate/evaluation-options.js';
import type { Explanation } from '../../evaluate/explanation.js';
import { deterministicRandom } from '../../evaluate/random.js';
import { ONE_TURN, type WorkSlices } from '../../evaluate/work-slices.js';
import { readOfrepContexts } from '../../ofrep/contexts.js';
import { unknownEnvironment } from '../../replica/missing.js';
import { readContextSetJson } from '../../ruleset/json.js';
import type { Ruleset } from '../../ruleset/ruleset.js';
import { attribution } from './attribution.js';
import { draftEvaluator } from './draft.js';
import { evaluationAnswer, evaluationJson, segmentAnswer, segmentJson, askedSegments } from './explained.js';
import { idText } from './input.js';
import type { AdminParts } from './parts.js';
import { adminRoute } from './route.js';

/** The keys of one request. */
const KEYS_MAX = 1_000;
/** The segments that are explained along with the configs of one request. */
const SEGMENTS_MAX = 1_000;
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
        segments: z.array(segmentAnswer).meta({
          description:
            'The segments that the first conditions which do not hold ask for, those of the rules that decided, and those that these ask for.',
        }),
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
      const { version, explanations, segments } = await explainAll({
        ...subject,
        contexts,
        now: parts.now(),
      });
      response.json({
        environment: `${environment}`,
        version: `${version}`,
        evaluations: explanations.map(({ key, explanation }) => evaluationJson(key, explanation)),
        segments: segments.map(({ key, isMember, explanation }) => segmentJson(key, isMember, explanation)),
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

interface ExplainedSegment extends ExplainedKey {
  readonly isMember: boolean;
}

/** What one version says of the keys, and of the segments that their conditions ask for. */
interface Explained {
  readonly version: bigint;
  readonly explanations: readonly ExplainedKey[];
  readonly segments: readonly ExplainedSegment[];
}

/** Explains in slices, all of one version. */
async function explainAll(query: ExplainQuery): Promise<Explained> {
  for (let attempt = 1; ; attempt++) {
    const slices = attempt > MAX_INTERRUPTED ? ONE_TURN : await eventLoop.begin();
    const explained = await explainOnce(query, slices);
    if (explained !== undefined) return explained;
  }
}

/** `undefined` when the ruleset changed before the end. */
async function explainOnce(
  { evaluator, keys, contexts, now }: ExplainQuery,
  slices: WorkSlices,
): Promise<Explained | undefined> {
  const options: EvaluationOptions = { now, random: deterministicRandom(canonical(contexts)) };
  const { version } = evaluator;
  const explanations: ExplainedKey[] = [];
  const wanted = new Map<string, boolean>();
  const explain = (key: string): Explanation => {
    const explanation = evaluator.explain(key, contexts, options);
    for (const { key: segment, isMember } of askedSegments(explanation)) {
      if (wanted.size < SEGMENTS_MAX) wanted.set(segment, isMember);
    }
    return explanation;
  };
  const isSame = async (): Promise<boolean> => {
    if (slices.isOver) await slices.next();
    return evaluator.version === version;
  };
  for (const key of keys) {
    explanations.push({ key, explanation: explain(key) });
    if (!(await isSame())) return undefined;
  }
  const segments: ExplainedSegment[] = [];
  // A map that grows by what its members ask for while it is walked through.
  for (const [key, isMember] of wanted) {
    segments.push({ key, isMember, explanation: explain(key) });
    if (!(await isSame())) return undefined;
  }
  return { version, explanations, segments };
}
