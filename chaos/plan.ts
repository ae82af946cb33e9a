/** The schedule of faults, drawn from the seed before anything is started. Pure. */
import { ALL_KINDS, KINDS, type FaultKind, type Resource } from './kinds.js';
import { Random } from './random.js';

export const NODES = 3;
export const PUSHPINS = 2;

export interface Fault {
  readonly kind: FaultKind;
  /** When it begins, milliseconds after the first. */
  readonly at: number;
  /** Milliseconds. */
  readonly length: number;
  /** The number of the node, link or Pushpin; `leader`: the node that leads when it begins. */
  readonly target: number | 'leader';
  /** From 0 to 1: how hard it is, where a kind has degrees. */
  readonly strength: number;
}

export interface PlanOptions {
  readonly seed: number;
  /** The time in which faults begin, milliseconds. */
  readonly length: number;
  /** Default: all. */
  readonly kinds?: readonly FaultKind[];
}

/** The first fault begins after this, milliseconds; then changes are on their way. */
const FIRST = 700;
/**
 * Between two groups, milliseconds: long enough that some repairs end, short enough that some do
 * not.
 */
const GAP: readonly [number, number] = [300, 2_000];
/** Faults of one group begin within this of each other, milliseconds. */
const OVERLAP = 1_500;
/** The share of faults of one node that hit the leader, which has the most to lose. */
const LEADER_CHANCE = 0.6;

/**
 * Draws groups of one, two or three faults that overlap, one group after the other. The first
 * fault's kind goes through all of them from seed to seed, so that a run over many seeds has each.
 */
export function makePlan({ seed, length, kinds = ALL_KINDS }: PlanOptions): Fault[] {
  const random = new Random(`plan ${seed}`);
  const first = kinds[((seed % kinds.length) + kinds.length) % kinds.length];
  const shared = kinds.filter((kind) => KINDS[kind].alone !== true);
  const stretch = Math.min(8, Math.max(1, length / 20_000));
  const faults: Fault[] = [];
  let at = FIRST;
  while (at < length) {
    let size = random.pick([1, 1, 2, 2, 3]);
    let end = at;
    for (let i = 0; i < size; i++) {
      const kind = faults.length === 0 && first !== undefined ? first : random.pick(i === 0 ? kinds : shared);
      if (KINDS[kind].alone === true) size = 1;
      const start = i === 0 ? at : at + Math.round(random.between(0, OVERLAP));
      const fault = draw(kind, start, random, stretch);
      faults.push(fault);
      end = Math.max(end, start + fault.length);
    }
    at = end + Math.round(random.between(...GAP));
  }
  return faults.sort((a, b) => a.at - b.at);
}

function draw(kind: FaultKind, at: number, random: Random, stretch: number): Fault {
  const { on, seconds, stretches } = KINDS[kind];
  const [least, most] = seconds;
  const longest = stretches === true ? most * stretch : most;
  const length = Math.round(1000 * random.between(least, longest));
  const strength = random.next();
  return { kind, at, length, target: drawTarget(on, random), strength };
}

function drawTarget(on: Resource, random: Random): Fault['target'] {
  switch (on) {
    case 'leader':
      return 'leader';
    case 'installation':
      return random.integer(0, NODES - 1);
    case 'node':
    case 'redis link':
      return random.chance(LEADER_CHANCE) ? 'leader' : random.integer(0, NODES - 1);
    case 'pushpin':
    case 'publish link':
      return random.integer(0, PUSHPINS - 1);
    case 'redis':
    case 'redis links':
    case 'readers':
      return 0;
  }
}

/** A line for each fault. */
export function planText(plan: readonly Fault[]): string {
  return plan
    .map((fault) => `${seconds(fault.at)}  ${describe(fault)} for ${seconds(fault.length).trim()}`)
    .join('\n');
}

/** The fault and its target. */
export function describe(fault: Fault, target: Fault['target'] = fault.target): string {
  switch (KINDS[fault.kind].on) {
    case 'leader':
    case 'node':
    case 'redis link':
      return `${fault.kind} (${target === 'leader' ? 'the leader' : `node ${target + 1}`})`;
    case 'pushpin':
    case 'publish link':
      return `${fault.kind} (pushpin ${Number(target) + 1})`;
    case 'installation':
      return `${fault.kind} (${Number(target) + 1})`;
    case 'redis':
    case 'redis links':
    case 'readers':
      return fault.kind;
  }
}

/** Milliseconds as seconds, in a column. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`.padStart(9);
}
