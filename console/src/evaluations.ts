/** Evaluations by the server, with the rule that decided in words. */
import { call, environmentPath } from './api.js';
import type { SampleContext } from './model/samples.js';
import type { Config } from '../../src/ruleset/model.js';

/** A rule that did not apply, with the first condition that does not hold. */
export interface FailedRule {
  readonly index: number;
  readonly text: string;
  readonly failed: string;
  readonly actual?: string;
  /** The segment that the condition asks for. */
  readonly segment?: string;
}

/** The rule that decided, and those before it. */
export interface Decision {
  readonly rule?: { readonly index: number; readonly text: string; readonly segments?: readonly string[] };
  readonly earlier: readonly FailedRule[];
  readonly unresolved?: 'missing' | 'unmatched' | 'withheld' | 'unreadable';
}

/** One value with its reason, as `POST …/evaluate` answers. */
export interface Explained extends Decision {
  readonly key: string;
  readonly reason: 'STATIC' | 'TARGETING_MATCH' | 'SPLIT' | 'DEFAULT' | 'ERROR';
  /** The value in words. */
  readonly text?: string;
  readonly value?: unknown;
  readonly confidential?: true;
}

/** A segment, and why the context is in it or not. */
export interface ExplainedSegment extends Decision {
  readonly key: string;
  readonly member: boolean;
}

/** The values of a context. */
export interface Evaluations {
  readonly version: string;
  readonly evaluations: readonly Explained[];
  readonly segments: readonly ExplainedSegment[];
  /** Attributes that no rule could read. */
  readonly ignored?: readonly string[];
}

/** The configs that one request may name. */
const KEYS_MAX = 1_000;

/** Evaluates configs for a context; all of `keys`, in as many requests as that takes. */
export async function evaluateKeys(
  environment: string,
  context: SampleContext,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<Evaluations> {
  const parts: Evaluations[] = [];
  for (let at = 0; at < keys.length; at += KEYS_MAX) {
    const body = { context, keys: keys.slice(at, at + KEYS_MAX) };
    parts.push(await call<Evaluations>(`${environmentPath(environment)}/evaluate`, { body, signal }));
  }
  const ignored = [...new Set(parts.flatMap((part) => part.ignored ?? []))];
  return {
    version: parts.at(-1)?.version ?? '0',
    evaluations: parts.flatMap(({ evaluations }) => evaluations),
    segments: parts.flatMap(({ segments }) => segments),
    ignored,
  };
}

/** The value of a sample before and after a change. */
export interface Effect {
  readonly sample: SampleContext;
  readonly before: Explained | undefined;
  readonly after: Explained | undefined;
}

/** Requests at a time: the node has other clients. */
const AT_A_TIME = 4;

/** Evaluates a changed config for samples, as it is and as it would be. */
export async function effectsOf(
  environment: string,
  config: Config,
  samples: readonly SampleContext[],
  signal?: AbortSignal,
): Promise<readonly Effect[]> {
  const { key = '' } = config;
  const evaluate = async (context: SampleContext, change: object): Promise<Explained | undefined> => {
    const body = { context, keys: [key], ...change };
    const path = `${environmentPath(environment)}/evaluate`;
    return (await call<Evaluations>(path, { body, signal })).evaluations[0];
  };
  const effects: Effect[] = [];
  for (let at = 0; at < samples.length; at += AT_A_TIME) {
    const some = samples.slice(at, at + AT_A_TIME).map(async (sample): Promise<Effect> => {
      const [before, after] = await Promise.all([
        evaluate(sample, {}),
        evaluate(sample, { configs: [config] }),
      ]);
      return { sample, before, after };
    });
    effects.push(...(await Promise.all(some)));
  }
  return effects;
}

/** Returns the value of an evaluation in words. */
export function valueInWords(explained: Explained | undefined): string {
  if (explained === undefined) return 'nothing';
  if (explained.confidential === true) return '(confidential)';
  if (explained.unresolved !== undefined) return UNRESOLVED[explained.unresolved];
  return explained.text ?? JSON.stringify(explained.value);
}

/** True when a change gives a sample another value. */
export function isAffected({ before, after }: Effect): boolean {
  return valueInWords(before) !== valueInWords(after);
}

const UNRESOLVED = {
  missing: 'no such flag',
  unmatched: 'no rule applies',
  withheld: 'known on the machine of the SDK only',
  unreadable: 'unreadable',
} as const;
