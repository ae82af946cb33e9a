/**
 * The fault harness, short and from a fixed seed: `npm run chaos` runs it longer. Its checks are
 * tested in test/chaos; here is whether a real installation keeps its promises under faults that
 * came up again and again while it was built.
 */
import { expect, it } from 'vitest';
import type { FaultKind } from '../../chaos/kinds.js';
import { makePlan } from '../../chaos/plan.js';
import { runSeed } from '../../chaos/run.js';

/** Has each of these kinds, and kills the leader. */
const SEED = 128;
const LENGTH = 8_000;
const KINDS: readonly FaultKind[] = [
  'node killed',
  'redis lost its last second',
  'redis cut off',
  'pushpin killed',
  'publishes lost',
];

it('keeps every promise under the faults of a fixed seed', { timeout: 120_000 }, async () => {
  const plan = makePlan({ seed: SEED, length: LENGTH, kinds: KINDS });
  expect(new Set(plan.map(({ kind }) => kind))).toEqual(new Set(KINDS));
  const { violations, figures, happened } = await runSeed({
    seed: SEED,
    length: LENGTH,
    subscribers: 40,
    kinds: KINDS,
    strictLoss: false,
    keep: false,
  });
  expect(violations.map(({ text }) => text)).toEqual([]);
  // It would also find nothing wrong if nothing had happened.
  expect(happened).toHaveLength(plan.length);
  expect(figures.commits).toBeGreaterThan(10);
  expect(figures.deliveries).toBeGreaterThan(figures.commits);
  expect(figures.recoveries).toBeGreaterThan(0);
});
