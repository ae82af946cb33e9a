/**
 * The answer that the public browser SDKs read: the values of all configs that clients may see, for
 * given contexts. [protocol] #evaluation-for-browsers
 */
import { createHash } from 'node:crypto';
import { listPieces } from '../core/pieces.js';
import { deterministicRandom } from '../evaluate/random.js';
import { canonical } from '../evaluate/contexts.js';
import { ignoredText } from '../evaluate/ignored-attributes.js';
import type { PrefabContexts } from './contexts.js';
import { doubleJson } from '../ruleset/double.js';
import type { Resolved, Unresolved, Value } from '../evaluate/result.js';
import type { Evaluator } from '../evaluate/evaluator.js';
import type { WorkSlices } from '../evaluate/work-slices.js';

/** The answer to one request: its ETag, and its body when that is needed. */
export interface EvaluationsAnswer {
  /**
   * Equal for requests that get equal answers, whatever the order of their contexts and properties.
   */
  readonly etag: string;
  /**
   * Evaluates in slices; not needed for a 304. `undefined` when the ruleset changed before the end:
   * the ETag then belongs to no present answer, and another one must be prepared.
   */
  readonly build: (slices: WorkSlices) => Promise<BuiltEvaluations | undefined>;
}

/** The body of an answer, and what is missing from it. */
export interface BuiltEvaluations {
  /** JSON, in pieces. */
  readonly pieces: Iterable<string>;
  /** The number of values in it. */
  readonly values: number;
  /** Configs that clients may see, and that are not in the answer. */
  readonly leftOut: readonly Unresolved[];
}

/**
 * Part of ETags: to be raised when the same input gets another answer than before, or browsers go
 * on with what they have.
 */
const FORM = 2;

/**
 * Prepares the answer for given contexts; evaluates nothing before `build` is called.
 *
 * @param version the environment's client version
 * @param now milliseconds since 1970
 */
export function evaluationsAnswer(
  evaluator: Evaluator,
  version: bigint,
  { contexts, ignored }: PrefabContexts,
  now: number,
): EvaluationsAnswer {
  const asked = canonical(contexts);
  const evaluated = evaluator.version;
  const ignoredContext = ignoredText(ignored);
  // A hash, because contexts are about people, and ETags end up in logs.
  const hash = createHash('sha256')
    .update(JSON.stringify([FORM, evaluator.intervalAt(now), asked, ignoredContext ?? '']))
    .digest('base64url');
  return {
    etag: `"${evaluator.environment}-${version}-${hash.slice(0, 22)}"`,
    build: async (slices) => {
      if (evaluator.version !== evaluated) return undefined;
      const members: string[] = [];
      const leftOut: Unresolved[] = [];
      const options = { now, random: deterministicRandom(asked) };
      const isWhole = await evaluator.evaluateVisibleInSlices(contexts, options, slices, (evaluation) => {
        if (evaluation.kind === 'unresolved') leftOut.push(evaluation);
        else members.push(`${JSON.stringify(evaluation.config.key)}:${evaluationJson(evaluation)}`);
      });
      return isWhole ? bodyOf(members, leftOut, ignoredContext) : undefined;
    },
  };
}

function bodyOf(
  members: readonly string[],
  leftOut: readonly Unresolved[],
  ignoredContext: string | undefined,
): BuiltEvaluations {
  const metadata = ignoredContext === undefined ? '' : `,"metadata":${JSON.stringify({ ignoredContext })}`;
  return {
    pieces: listPieces('{"evaluations":{', members, `}${metadata}}`),
    values: members.length,
    leftOut,
  };
}

function evaluationJson({ value, config, row, conditional, weighted }: Resolved): string {
  const metadata = {
    configRowIndex: row,
    conditionalValueIndex: conditional,
    weightedValueIndex: weighted,
    type: config.type,
    valueType: config.valueType,
    id: `${config.id}`,
  };
  return `{"value":${valueJson(value)},"configEvaluationMetadata":${JSON.stringify(metadata)}}`;
}

/**
 * The SDK takes the name of the first member for the value's kind. Written as text, because an
 * integer above 2^53 has all of its digits only there: the SDK rounds it, as all of JavaScript
 * does, but a text in its place would remain one.
 */
function valueJson(value: Value): string {
  switch (value.kind) {
    case 'int':
      return `{"int":${value.value}}`;
    case 'duration':
      return JSON.stringify({ duration: { definition: value.definition, millis: value.milliseconds } });
    case 'json':
      // The SDK parses it, and reports an object as an error.
      return JSON.stringify({ json: value.text });
    case 'double':
      return `{"double":${doubleJson(value.value) ?? 'null'}}`;
    case 'bool':
    case 'string':
    case 'stringList':
    case 'logLevel':
      return JSON.stringify({ [value.kind]: value.value });
  }
}
