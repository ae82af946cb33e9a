/**
 * What an evaluation ends in. Pure.
 */

/** A value as it leaves the evaluator: typed, so that each protocol can write it in its own way. */
export type Value =
  | { readonly kind: 'bool'; readonly value: boolean }
  /** A `number` where that is exact, else a `bigint`. */
  | { readonly kind: 'int'; readonly value: number | bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'stringList'; readonly value: readonly string[] }
  /** `text` is what `value` was parsed from; the value is shared and must not be changed. */
  | { readonly kind: 'json'; readonly value: unknown; readonly text: string }
  /** `definition` is the ISO 8601 text. */
  | { readonly kind: 'duration'; readonly definition: string; readonly milliseconds: number }
  | { readonly kind: 'logLevel'; readonly value: LoggerLevel };

export type LoggerLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';

/**
 * Why a value was chosen, in OpenFeature's words: `STATIC` the config has no rules, `TARGETING_MATCH` its rules were looked at and one, or
 * the value after them, decided, `SPLIT` the value was drawn by weights.
 */
export type Reason = 'STATIC' | 'TARGETING_MATCH' | 'SPLIT';

export type Evaluation = Resolved | Unresolved;

export interface Resolved {
  readonly kind: 'resolved';
  readonly value: Value;
  readonly reason: Reason;
  readonly config: EvaluatedConfig;
  /** Which row decided: with a row for the environment that is 0, and the default row 1. */
  readonly row: number;
  /** Which of the row's conditional values. */
  readonly conditional: number;
  /** Which of the weighted values, when weights decided. */
  readonly weighted: number | undefined;
  /** The property that the weights are drawn by, such as `user.key`, when they name one. */
  readonly hashBy: string | undefined;
  /** How the chosen value is called by those who made the rules, if they named it. */
  readonly name: string | undefined;
}

/** There is no value. */
export interface Unresolved {
  readonly kind: 'unresolved';
  /**
   * - `missing` there is no config of that key, or it is deleted, or of a type that has no value (schemas, limits)
   * - `unmatched` no rule applies and no default is given
   * - `withheld` the value is one that only an SDK's machine has: `provided`, or `decryptWith`
   * - `unreadable` the value is of a kind that clients cannot read (bytes, ranges), or is not what its config says
   */
  readonly why: 'missing' | 'unmatched' | 'withheld' | 'unreadable';
  readonly config: EvaluatedConfig | undefined;
}

/** What is said of a config beside its value. */
export interface EvaluatedConfig {
  readonly key: string;
  readonly id: bigint;
  /** Such as `FEATURE_FLAG`. */
  readonly type: string;
  /** Such as `BOOL`. */
  readonly valueType: string;
  /** Whether a client that must not see rules may have its value; see ruleset/visible.ts. */
  readonly visible: boolean;
}
