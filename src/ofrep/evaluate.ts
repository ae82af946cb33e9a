/**
 * The evaluation of one flag, or of all, for a request that was read. Pure. [protocol] #openfeature
 */
import { deterministicRandom } from '../evaluate/random.js';
import { canonical, type Contexts } from '../evaluate/contexts.js';
import type { Evaluation, Unresolved } from '../evaluate/result.js';
import type { Evaluator } from '../evaluate/evaluator.js';
import type { WorkSlices } from '../evaluate/work-slices.js';
import { ignoredText, type IgnoredAttributes } from '../evaluate/ignored-attributes.js';
import { bulkBody, type FlagAnswers, type FlagAnswer } from './answer.js';
import { etagOf } from './etag.js';
import type { EventStream } from './event-stream.js';

/** A request for values. */
export interface FlagQuery {
  readonly evaluator: Evaluator;
  readonly answers: FlagAnswers;
  readonly contexts: Contexts;
  /** Attributes of the request's context that are left out of `contexts`. */
  readonly ignored: IgnoredAttributes;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Called for each flag that clients may see and that has no value. */
  readonly onUnresolved: (why: Unresolved['why']) => void;
}

/** Evaluates one flag. */
export function evaluateFlag(question: FlagQuery, key: string): FlagAnswer {
  const { evaluator, answers, contexts, now, onUnresolved } = question;
  const draws = new RandomDraws(() => canonical(contexts));
  const evaluation = evaluator.evaluate(key, contexts, { now, random: draws.random });
  note(evaluation, onUnresolved);
  return answers.of(key, evaluation, draws.has(key));
}

/** The JSON of all flags. */
export interface BulkText {
  /** The number of flags in it. */
  readonly flags: number;
  readonly pieces: Iterable<string>;
}

/** The answer for all flags: its ETag, and its body when that is needed. */
export interface BulkAnswer {
  readonly etag: string;
  /**
   * Evaluates in slices and returns JSON; not needed for a 304. `undefined` when the ruleset
   * changed before the end: the ETag then belongs to no present answer, and another one must be
   * prepared.
   */
  readonly body: (slices: WorkSlices) => Promise<BulkText | undefined>;
}

/**
 * Prepares the answer for all flags; evaluates nothing before `body` is called.
 *
 * @param clientVersion the version of what clients may see, of the ruleset that is evaluated
 */
export function evaluateFlags(
  question: FlagQuery,
  clientVersion: bigint,
  eventStreams: readonly EventStream[],
): BulkAnswer {
  const { evaluator, answers, contexts, ignored, now, onUnresolved } = question;
  const { environment, version: evaluated } = evaluator;
  const asked = canonical(contexts);
  const ignoredContext = ignoredText(ignored);
  const streams = JSON.stringify(eventStreams);
  return {
    etag: etagOf({
      environment,
      clientVersion,
      interval: evaluator.intervalAt(now),
      contexts: asked,
      ignored: ignoredContext ?? '',
      streams,
    }),
    body: async (slices) => {
      if (evaluator.version !== evaluated) return undefined;
      const draws = new RandomDraws(() => asked);
      const options = { now, random: draws.random };
      const flags: FlagAnswer[] = [];
      const unresolved: Evaluation[] = [];
      const isWhole = await evaluator.evaluateVisibleInSlices(contexts, options, slices, (evaluation) => {
        if (evaluation.kind === 'unresolved') unresolved.push(evaluation);
        const key = evaluation.config?.key;
        if (key !== undefined) flags.push(answers.of(key, evaluation, draws.has(key)));
      });
      if (!isWhole) return undefined;
      for (const evaluation of unresolved) note(evaluation, onUnresolved);
      const metadata = {
        environment: `${environment}`,
        version: `${clientVersion}`,
        ...(ignoredContext === undefined ? {} : { ignoredContext }),
      };
      return { flags: flags.length, pieces: bulkBody({ flags, eventStreams, metadata }) };
    },
  };
}

/** Deterministic random numbers for given contexts, and the keys that they decided. */
class RandomDraws {
  readonly #contexts: () => string;
  /** Made when the first is drawn: few flags are. */
  #drawing: { readonly steady: (key: string) => number; readonly keys: Set<string> } | undefined;

  constructor(contexts: () => string) {
    this.#contexts = contexts;
  }

  readonly random = (key: string): number => {
    this.#drawing ??= { steady: deterministicRandom(this.#contexts()), keys: new Set() };
    this.#drawing.keys.add(key);
    return this.#drawing.steady(key);
  };

  has(key: string): boolean {
    return this.#drawing?.keys.has(key) === true;
  }
}

function note(evaluation: Evaluation, onUnresolved: FlagQuery['onUnresolved']): void {
  if (evaluation.kind === 'unresolved' && evaluation.config?.visible === true) onUnresolved(evaluation.why);
}
