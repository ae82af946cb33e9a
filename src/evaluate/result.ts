/** Results of evaluations. */

/**
 * A value as it leaves the evaluator: typed, so that each protocol can write it in its own form.
 */
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

/** The level from which on a logger logs. */
export type LoggerLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';

/**
 * The reason for a value, in OpenFeature's words: `STATIC` the config has no rules,
 * `TARGETING_MATCH` one of its rules, or the value after them, applied, `SPLIT` the value was
 * chosen by weights.
 */
export type Reason = 'STATIC' | 'TARGETING_MATCH' | 'SPLIT';

/** The result of evaluating one config. */
export type Evaluation = Resolved | Unresolved;

/** A value was chosen. */
export interface Resolved {
  readonly kind: 'resolved';
  readonly value: Value;
  readonly reason: Reason;
  readonly config: EvaluatedConfig;
  /** The index of the row: a row for the environment is 0, and the default row then 1. */
  readonly row: number;
  /** The index of the conditional value in the row. */
  readonly conditional: number;
  /** The index of the weighted value, when weights chose it. */
  readonly weighted: number | undefined;
  /** The property that the weights hash, such as `user.key`, when they name one. */
  readonly hashBy: string | undefined;
  /** The name of the chosen value in the ruleset, if it has one. */
  readonly name: string | undefined;
}

/** There is no value. */
export interface Unresolved {
  readonly kind: 'unresolved';
  /**
   * - `missing` there is no config of that key, or it is deleted, or of a type that has no value
   *   (schemas, limits)
   * - `unmatched` no rule applies and no default is given
   * - `withheld` the value is one that only an SDK's machine has: `provided`, or `decryptWith`
   * - `unreadable` the value is of a kind that clients cannot read (bytes, ranges), or is not what
   *   its config says
   */
  readonly why: 'missing' | 'unmatched' | 'withheld' | 'unreadable';
  readonly config: EvaluatedConfig | undefined;
}

/** The properties of a config that accompany its value. */
export interface EvaluatedConfig {
  readonly key: string;
  readonly id: bigint;
  /** Such as `FEATURE_FLAG`. */
  readonly type: string;
  /** Such as `BOOL`. */
  readonly valueType: string;
  /** True when client-side SDKs may have its value; see ruleset/visible.ts. */
  readonly visible: boolean;
}
