/**
 * Counts the subjects of random cases, so that a test can show that none was left out by chance.
 */
import type { Resolved, Evaluation, Value } from '../../src/evaluate/result.js';
import type { Config } from '../../src/ruleset/model.js';
import { ENVIRONMENT, probed } from './random-rulesets.js';

export class Tally {
  /** Compared configs with one set of contexts each. */
  cases = 0;
  /** Decided by a value with criteria; by one without; by none. */
  readonly ends = { rule: 0, otherwise: 0, nothing: 0 };
  /** Decided by the default row, after no rule of the environment's own held. */
  fallenThrough = 0;
  readonly kinds: Partial<Record<Value['kind'], number>> = {};
  /** The number of criteria that held, and that did not, by operator. */
  readonly operators: Record<string, { held: number; failed: number }> = {};
  /**
   * The number of times that weights chose the first, second, … of two or more values with a
   * weight.
   */
  readonly chosen: number[] = [];

  /** @param value what both sides have found, by that evaluation */
  count(config: Config | undefined, value: unknown, evaluation: Evaluation): void {
    this.cases++;
    const operator = probed(config?.key ?? '');
    if (operator !== undefined) {
      const counts = (this.operators[operator] ??= { held: 0, failed: 0 });
      counts[value === true ? 'held' : 'failed']++;
    }
    if (evaluation.kind === 'resolved' && config !== undefined) this.#countDecided(config, evaluation);
    else this.ends.nothing++;
  }

  #countDecided(config: Config, { row, conditional, weighted, value }: Resolved): void {
    const isOwn = (index: number): boolean => config.rows?.[index]?.projectEnvId === `${ENVIRONMENT}`;
    // The environment's own row comes first, wherever it stands.
    const rows = isOwn(1) ? config.rows?.toReversed() : config.rows;
    const decided = rows?.[row]?.values?.[conditional];
    if (decided?.criteria === undefined) this.ends.otherwise++;
    else this.ends.rule++;
    if (row === 1) this.fallenThrough++;
    this.kinds[value.kind] = (this.kinds[value.kind] ?? 0) + 1;
    const variants = decided?.value?.weightedValues?.weightedValues ?? [];
    if (weighted !== undefined && variants.filter(({ weight = 0 }) => weight > 0).length > 1) {
      this.chosen[weighted] = (this.chosen[weighted] ?? 0) + 1;
    }
  }
}
