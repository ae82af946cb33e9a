/** Weighted values. */
import type { Evaluation } from './result.js';
import { PrefixHash } from './hash.js';
import type { PredicateInput, Property } from './predicate-table.js';

/**
 * SDKs divide by this, which is one less than the largest hash, so a fraction can be a little above
 * 1.
 */
const LARGEST = 4294967294;

/** Several evaluations of which weights choose one. */
export class Split {
  readonly kind = 'split';
  readonly #evaluations: readonly Evaluation[];
  readonly #key: string;
  readonly #hash: PrefixHash;
  readonly #hashBy: Property | undefined;
  /** The sum of the weights up to and with each variant. */
  readonly #sums: readonly number[];

  /**
   * @param key of the config that the weights belong to
   * @param variants at least one
   * @param evaluations one for each
   */
  constructor(
    key: string,
    variants: readonly { readonly weight?: number }[],
    evaluations: readonly Evaluation[],
    hashBy: Property | undefined,
  ) {
    this.#evaluations = evaluations;
    this.#key = key;
    this.#hash = new PrefixHash(key);
    this.#hashBy = hashBy;
    let sum = 0;
    this.#sums = variants.map(({ weight = 0 }) => (sum += weight));
  }

  /**
   * The evaluation of the first variant whose sum is above the fraction for this pass, else the
   * last. `undefined` when hashing the text is beyond the budget.
   */
  choose(pass: PredicateInput): Evaluation | undefined {
    const last = this.#sums.length - 1;
    const fraction = this.#fraction(pass);
    if (fraction === undefined) return undefined;
    const bucket = fraction * (this.#sums[last] ?? 0);
    const index = this.#sums.findIndex((sum) => bucket < sum);
    return this.#evaluations[index === -1 ? last : index];
  }

  #fraction(pass: PredicateInput): number | undefined {
    const attribute = this.#hashBy === undefined ? undefined : pass.attribute(this.#hashBy);
    if (attribute?.value === undefined) return pass.random(this.#key);
    const text = attribute.text ?? String(attribute.value);
    return pass.spend(text.length, 1) ? this.#hash.of(text) / LARGEST : undefined;
  }
}
