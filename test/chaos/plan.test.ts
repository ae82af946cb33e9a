import { describe, expect, it } from 'vitest';
import { ALL_KINDS, KINDS, kindNamed } from '../../chaos/kinds.js';
import { makePlan, NODES, planText, PUSHPINS } from '../../chaos/plan.js';
import { Random } from '../../chaos/random.js';

const LENGTH = 15_000;
const plans = Array.from({ length: 200 }, (_, seed) => makePlan({ seed, length: LENGTH }));

describe('chance from a seed', () => {
  it('gives the same numbers for the same name, and others for another', () => {
    const draw = (name: string): number[] => {
      const random = new Random(name);
      return Array.from({ length: 5 }, () => random.next());
    };
    expect(draw('seed 1')).toEqual(draw('seed 1'));
    expect(draw('seed 1')).not.toEqual(draw('seed 2'));
  });

  it('forks without regard to what was drawn before', () => {
    const random = new Random('seed 1');
    const early = random.fork('clients').next();
    random.next();
    expect(random.fork('clients').next()).toBe(early);
    expect(random.fork('writers').next()).not.toBe(early);
  });

  it('chance from a seed is even enough to draw lots with', () => {
    const random = new Random('even');
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 8_000; i++) counts[random.integer(0, 3)]!++;
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });

  it('shuffles without losing anything', () => {
    expect(new Random('shuffle').shuffled([1, 2, 3, 4, 5]).sort()).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('the plan of faults', () => {
  it('the plan of faults is the same for the same seed', () => {
    expect(makePlan({ seed: 7, length: LENGTH })).toEqual(plans[7]);
    expect(plans[8]).not.toEqual(plans[7]);
  });

  it('the plan of faults begins with each kind in turn, so that as many seeds as there are kinds have each', () => {
    const first = plans.slice(0, ALL_KINDS.length).map((plan) => plan[0]!.kind);
    expect(new Set(first)).toEqual(new Set(ALL_KINDS));
  });

  it('the plan of faults has single faults and faults that overlap', () => {
    const overlaps = plans.map((plan) =>
      plan.some((fault, i) => plan.slice(0, i).some((before) => before.at + before.length > fault.at)),
    );
    expect(overlaps).toContain(true);
    expect(overlaps).toContain(false);
  });

  it('the plan of faults keeps to the length of each kind and to targets that exist', () => {
    for (const { kind, length, target, at } of plans.flat()) {
      const [least, most] = KINDS[kind].seconds;
      expect(length).toBeGreaterThanOrEqual(least * 1000);
      expect(length).toBeLessThanOrEqual(most * 1000);
      expect(at).toBeLessThan(LENGTH + 2_000);
      if (target !== 'leader') {
        const count = KINDS[kind].on.startsWith('p') ? PUSHPINS : NODES;
        expect(target).toBeLessThan(count);
      }
    }
  });

  it('the plan of faults meets the leader above all', () => {
    const killed = plans.flat().filter(({ kind }) => kind === 'node killed');
    const leaders = killed.filter(({ target }) => target === 'leader');
    expect(leaders.length).toBeGreaterThan(killed.length / 2);
  });

  it('the plan of faults lets a fault that must be alone overlap with nothing', () => {
    for (const plan of plans) {
      for (const alone of plan.filter(({ kind }) => KINDS[kind].alone === true)) {
        const others = plan.filter((fault) => fault !== alone);
        for (const { at, length } of others) {
          expect(at + length < alone.at || at > alone.at + alone.length).toBe(true);
        }
      }
    }
  });

  it('the plan of faults draws from the kinds that are asked for only', () => {
    const plan = makePlan({ seed: 3, length: LENGTH, kinds: [kindNamed('redis slow')] });
    expect(new Set(plan.map(({ kind }) => kind))).toEqual(new Set(['redis slow']));
    expect(() => kindNamed('rain')).toThrow('redis slow');
  });

  it('the plan of faults is printed with a line for each fault', () => {
    const plan = makePlan({ seed: 3, length: LENGTH });
    expect(planText(plan).split('\n')).toHaveLength(plan.length);
  });

  it('the plan of faults lasts longer when more time is given, also in single faults', () => {
    const longest = Math.max(
      ...makePlan({ seed: 1, length: 20 * 60_000 })
        .filter(({ kind }) => kind === 'publishing cut off')
        .map(({ length }) => length),
    );
    expect(longest).toBeGreaterThan(30_000);
  });
});
