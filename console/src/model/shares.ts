/**
 * The shares of a rollout, in hundredths of a percent. They add up to 100 % before and after each
 * edit, so nothing else can be written. Pure.
 */
import type { WeightedValues } from '../../../src/ruleset/model.js';

/** 100 %. */
export const WHOLE = 10_000;

/** Returns the shares of weights, rounded so that they add up. */
export function sharesOf({ weightedValues = [] }: WeightedValues): readonly number[] {
  const weights = weightedValues.map(({ weight = 0 }) => weight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.length === 0 || total === 0) return weights.map((_, i) => (i === 0 ? WHOLE : 0));
  const shares = weights.map((weight) => Math.floor((weight * WHOLE) / total));
  const missing = WHOLE - shares.reduce((sum, share) => sum + share, 0);
  // The largest remainders get what rounding left.
  const order = weights
    .map((weight, index) => ({ index, rest: ((weight * WHOLE) / total) % 1 }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index)
    .slice(0, missing);
  for (const { index } of order) shares[index] = (shares[index] ?? 0) + 1;
  return shares;
}

/**
 * Sets one share. The last of the others gives or takes the difference, then the one before it: a
 * share is never below 0.
 */
export function withShare(shares: readonly number[], index: number, share: number): readonly number[] {
  const next = [...shares];
  next[index] = shares.length === 1 ? WHOLE : Math.max(0, Math.min(WHOLE, Math.round(share)));
  let over = next.reduce((sum, each) => sum + each, 0) - WHOLE;
  for (let other = next.length - 1; other >= 0 && over !== 0; other--) {
    if (other === index) continue;
    const present = next[other] ?? 0;
    const changed = Math.max(0, present - over);
    over -= present - changed;
    next[other] = changed;
  }
  return next;
}

/** Writes shares as weights. */
export function withShares(weighted: WeightedValues, shares: readonly number[]): WeightedValues {
  const values = weighted.weightedValues ?? [];
  return {
    ...weighted,
    weightedValues: values.map((each, i) => ({ ...each, weight: shares[i] ?? 0 })),
  };
}

/** Formats a share: `12.5`. */
export function percentOf(share: number): string {
  return String(share / 100);
}
