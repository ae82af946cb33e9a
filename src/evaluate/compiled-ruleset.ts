/**
 * A ruleset in compiled form, brought from version to version by deltas.
 *
 * Only what a delta brings is compiled. That works because no compiled config holds another: a rule holds the slot of the segment that it
 * names, into which the present config of that key is put.
 */
import { decodeConfig, type EncodedConfig } from '../ruleset/decode.js';
import type { Config } from '../ruleset/model.js';
import {
  compileConfig,
  isDeleted,
  MISSING,
  unreadableConfig,
  type CompiledConfig,
} from './compiled-config.js';
import type { NameResolver } from './predicates.js';
import type { Evaluation } from './result.js';
import { TimeBoundaries, boundariesOf, type ConfigBoundaries } from './time-boundaries.js';
import type { EvaluationPass } from './evaluation-pass.js';
import { heights, MAX_SEGMENT_DEPTH } from './segments.js';
import { PredicateTable, type PredicateId } from './predicate-table.js';

/** What is known under a key. */
interface Slot {
  readonly key: string;
  /** `undefined` while there is no live config of that key. */
  config: CompiledConfig | undefined;
  /** The segments that its rules name. */
  uses: readonly Slot[];
  turningPoints: ConfigBoundaries;
  /** Whether a run is in it, if some rule names it as a segment. */
  question: PredicateId | undefined;
  /** See segments.ts; `undefined` for a segment that is in a circle, or leads into one. */
  height: number | undefined;
}

export class CompiledRuleset implements NameResolver {
  readonly predicates = new PredicateTable();
  readonly #environment: bigint;
  readonly #slots = new Map<string, Slot>();
  /** Those that rules name as segments. */
  readonly #segments: Slot[] = [];
  /** The segments from `MAX_NESTING` on, ascending by height. */
  #high: Slot[] = [];
  /** What clients may see, in order of keys. */
  #visible: Slot[] = [];
  #moments: TimeBoundaries | undefined;
  /** The configs of the first delta, and of all. */
  #first: number | undefined;
  #compiled = 0;
  /** What the config at hand uses. */
  #uses = new Set<Slot>();

  constructor(environment: bigint) {
    this.#environment = environment;
  }

  /**
   * Whether so much came since the first delta that it should be made anew, because names that no rule has any more stay. That is
   * seldom enough to cost no more than the changes did.
   */
  get isRecompilationDue(): boolean {
    return this.#compiled > 2 * (this.#first ?? 0) + 1000;
  }

  /** Takes a delta: configs of which each replaces the one of its key, or takes it away. */
  apply(delta: readonly EncodedConfig[]): void {
    const segments = this.#segments.length;
    const appeared: Slot[] = [];
    let isOneHidden = false;
    let isSegmentChanged = false;
    for (const encoded of delta) {
      const slot = this.#slot(encoded.key);
      const wasVisible = isVisible(slot);
      this.#compile(encoded, slot);
      if (isVisible(slot) && !wasVisible) appeared.push(slot);
      isOneHidden ||= wasVisible && !isVisible(slot);
      isSegmentChanged ||= slot.question !== undefined;
    }
    this.#first ??= delta.length;
    this.#compiled += delta.length;
    this.#moments = undefined;
    if (isSegmentChanged || this.#segments.length > segments) this.#order();
    if (isOneHidden) this.#visible = this.#visible.filter(isVisible);
    // To sort what is nearly sorted takes little more than to read it.
    if (appeared.length > 0) this.#visible = [...this.#visible, ...appeared].sort(byKey);
  }

  get(key: string): CompiledConfig | undefined {
    return this.#slots.get(key)?.config;
  }

  /** One evaluation for each config that clients may see, in order of keys. */
  evaluateVisible(run: EvaluationPass): Evaluation[] {
    return this.#visible.map(({ config }) => config?.evaluate(run) ?? MISSING);
  }

  /** See `Evaluator.moment`. */
  intervalAt(now: number): string {
    this.#moments ??= new TimeBoundaries(this.#turningPoints());
    return this.#moments.intervalAt(now);
  }

  /** Of what clients may see, and of the segments that it uses in any number of steps. */
  *#turningPoints(): Generator<ConfigBoundaries> {
    const slots = new Set(this.#visible);
    // What is added to a set while it is iterated is visited too.
    for (const { uses, turningPoints } of slots) {
      for (const used of uses) slots.add(used);
      yield turningPoints;
    }
  }

  segment(key: string): PredicateId {
    const slot = this.#slot(key);
    if (slot.question === undefined) this.#segments.push(slot);
    slot.question ??= this.predicates.add(`IN_SEG ${key}`, () => (run) => this.#isIn(slot, run));
    this.#uses.add(slot);
    return slot.question;
  }

  #slot(key: string): Slot {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot = {
      key,
      config: undefined,
      uses: [],
      turningPoints: [],
      question: undefined,
      height: undefined,
    };
    this.#slots.set(key, slot);
    return slot;
  }

  #compile(encoded: EncodedConfig, slot: Slot): void {
    this.#uses = new Set();
    const config = decode(encoded);
    if (config === undefined) slot.config = unreadableConfig(encoded.key, encoded.id);
    else if (isDeleted(config)) slot.config = undefined;
    else slot.config = compileConfig(config, this.#environment, this);
    slot.turningPoints = config === undefined ? [] : boundariesOf(config);
    slot.uses = [...this.#uses];
  }

  #order(): void {
    this.#high = [];
    for (const segment of this.#segments) segment.height = undefined;
    for (const [segment, height] of heights(this.#segments)) {
      segment.height = height;
      if (height >= MAX_SEGMENT_DEPTH) this.#high.push(segment);
    }
  }

  #isIn({ config, height }: Slot, run: EvaluationPass): boolean {
    if (config === undefined || height === undefined) return false;
    if (height > MAX_SEGMENT_DEPTH) this.#askBelow(height, run);
    const evaluation = config.evaluate(run);
    return evaluation.kind === 'resolved' && evaluation.value.kind === 'bool' && evaluation.value.value;
  }

  /** So that a long chain of segments does not take a stack as long. */
  #askBelow(height: number, run: EvaluationPass): void {
    for (const segment of this.#high) {
      if (segment.height === height) return;
      if (segment.question !== undefined) run.holds(segment.question);
    }
  }
}

/** `undefined` when it is damaged inside; its neighbours are not. */
function decode(encoded: EncodedConfig): Config | undefined {
  try {
    return decodeConfig(encoded);
  } catch {
    return undefined;
  }
}

function isVisible({ config }: Slot): boolean {
  return config?.facts.visible ?? false;
}

function byKey(a: Slot, b: Slot): number {
  return a.key < b.key ? -1 : 1;
}
