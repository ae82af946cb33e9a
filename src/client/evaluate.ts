/** Evaluates a key for a caller, from plain contexts to a plain value. Never throws. */
import { deterministicRandom } from '../evaluate/random.js';
import { canonical } from '../evaluate/contexts.js';
import type { Resolved, Reason, Unresolved, Value } from '../evaluate/result.js';
import type { Evaluator } from '../evaluate/evaluator.js';
import { messageOf } from '../core/errors.js';
import { readContexts, type PlainContexts } from './contexts.js';
import { plainOf, type ClientValue } from './values.js';

/** The outcome of one evaluation. */
export interface Details {
  readonly key: string;
  /** `undefined` when there is none; `reason` then says why. */
  readonly value: ClientValue | undefined;
  /** The kind of `value`; see values.ts. */
  readonly kind: Value['kind'] | undefined;
  /**
   * Why there is that value: `STATIC` the config has no rules, `TARGETING_MATCH` its rules decided,
   * `SPLIT` it was drawn by weights. Or why there is none: `missing` no such key, `unmatched` no
   * rule applies, `withheld` only an SDK with the secrets of its machine has it, `unreadable` it is
   * no value for clients, `not ready` there is no ruleset yet, `error` (see `error`).
   */
  readonly reason: Reason | Unresolved['why'] | 'not ready' | 'error';
  /** Which row, which of its conditional values, and which of the weighted ones decided. */
  readonly row?: number;
  readonly conditional?: number;
  readonly weighted?: number;
  /** The config's id, decimal text. */
  readonly id?: string;
  /** With reason `error`: what a caller gave cannot be read. */
  readonly error?: string;
}

/** Evaluates a key with the contexts of a caller. */
export function evaluateFor(
  evaluator: Evaluator | undefined,
  key: string,
  /** A type that a later one has replaces that of an earlier one as a whole. */
  plain: readonly (PlainContexts | undefined)[],
  now: number,
): Details {
  if (evaluator === undefined) return { key, value: undefined, kind: undefined, reason: 'not ready' };
  try {
    const contexts = readContexts(Object.assign({}, ...plain) as PlainContexts);
    // Made only if there are weights without a property to hash: as servers do it, so that all who
    // evaluate agree.
    let steady: ((key: string) => number) | undefined;
    const chance = (drawn: string) => (steady ??= deterministicRandom(canonical(contexts)))(drawn);
    const evaluation = evaluator.evaluate(key, contexts, { now, random: chance });
    return evaluation.kind === 'resolved' ? decided(key, evaluation) : undecided(key, evaluation);
  } catch (error) {
    // The evaluator is total; a getter or proxy in what the caller gave is not.
    return { key, value: undefined, kind: undefined, reason: 'error', error: messageOf(error) };
  }
}

function decided(key: string, { value, reason, config, row, conditional, weighted }: Resolved): Details {
  return {
    key,
    value: plainOf(value),
    kind: value.kind,
    reason,
    row,
    conditional,
    ...(weighted === undefined ? {} : { weighted }),
    id: `${config.id}`,
  };
}

function undecided(key: string, { why, config }: Unresolved): Details {
  const id = config === undefined ? {} : { id: `${config.id}` };
  return { key, value: undefined, kind: undefined, reason: why, ...id };
}
