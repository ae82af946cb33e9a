/**
 * A ruleset in compiled form, brought from version to version by deltas.
 *
 * Only the configs of a delta are compiled. That works because no compiled config holds another
 * one: a rule holds the slot of the segment that it names, and the slot holds the present config of
 * that key.
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
import { PredicateTable, type PredicateId, type PredicateInput } from './predicate-table.js';
import type { NameResolver } from './predicates.js';
import type { Evaluation } from './result.js';
import { MAX_SEGMENT_DEPTH, segmentHeights } from './segments.js';
import { mergeSorted } from '../core/steps.js';
import { boundariesOf, TimeBoundaries, type ConfigBoundaries } from './time-boundaries.js';

/** The entry of a key. */
interface Slot {
  readonly key: string;
  /** `undefined` while no live config has the key. */
  config: CompiledConfig | undefined;
  /** The segments that its rules name. */
  uses: readonly Slot[];
  boundaries: ConfigBoundaries;
  /** Membership in it, when some rule names it as a segment. */
  membership: PredicateId | undefined;
  /** See segments.ts; `undefined` for a segment that is in a cycle or leads into one. */
  height: number | undefined;
}

/** A compiled config that is not in effect yet. */
export interface CompiledEntry {
  readonly slot: Slot;
  readonly config: CompiledConfig | undefined;
  readonly boundaries: ConfigBoundaries;
  readonly uses: readonly Slot[];
}

/** The compiled configs of one ruleset, by key. */
export class CompiledRuleset implements NameResolver {
  readonly predicates = new PredicateTable();
  readonly #environment: bigint;
  readonly #slots = new Map<string, Slot>();
  /** The slots that rules name as segments. */
  readonly #segments: Slot[] = [];
  /** The number of segments that have been ordered. */
  #ordered = 0;
  /** The segments from `MAX_SEGMENT_DEPTH` on, ascending by height. */
  #high: Slot[] = [];
  /** The configs that clients may see, in order of keys. */
  #visible: Slot[] = [];
  #boundaries: TimeBoundaries | undefined;
  /** The number of configs in the first delta. */
  #first: number | undefined;
  /** The number of configs in all deltas. */
  #compiled = 0;
  /** The segments used by the config that is being compiled. */
  #uses = new Set<Slot>();

  constructor(environment: bigint) {
    this.#environment = environment;
  }

  /**
   * True when recompiling is cheaper than keeping predicates that no rule uses any more. That is
   * rare enough that the recompilations cost no more than the changes did.
   */
  get isRecompilationDue(): boolean {
    return this.#compiled > 2 * (this.#first ?? 0) + 1000;
  }

  /** Applies a delta: each config replaces or deletes the one of its key. */
  apply(delta: readonly EncodedConfig[]): void {
    this.commit(delta.map((encoded) => this.compile(encoded)).sort(compareEntries));
  }

  /** Compiles a config for `commit`; evaluations do not change before that. */
  compile(encoded: EncodedConfig): CompiledEntry {
    const slot = this.#slot(encoded.key);
    this.#uses = new Set();
    const config = decode(encoded);
    const boundaries = config === undefined ? [] : boundariesOf(config);
    let compiled: CompiledConfig | undefined;
    if (config === undefined) compiled = unreadableConfig(encoded.key, encoded.id);
    else if (!isDeleted(config)) compiled = compileConfig(config, this.#environment, this);
    return { slot, config: compiled, boundaries, uses: [...this.#uses] };
  }

  /**
   * Puts compiled configs into effect, all of a delta together.
   *
   * @param entries in the order of `compareEntries`
   */
  commit(entries: readonly CompiledEntry[]): void {
    const appeared: Slot[] = [];
    let isOneHidden = false;
    let isSegmentChanged = this.#segments.length > this.#ordered;
    for (const { slot, config, boundaries, uses } of entries) {
      const wasVisible = isVisible(slot);
      slot.config = config;
      slot.boundaries = boundaries;
      slot.uses = uses;
      if (isVisible(slot) && !wasVisible) appeared.push(slot);
      isOneHidden ||= wasVisible && !isVisible(slot);
      isSegmentChanged ||= slot.membership !== undefined;
    }
    this.#first ??= entries.length;
    this.#compiled += entries.length;
    this.#boundaries = undefined;
    if (isSegmentChanged) this.#order();
    if (isOneHidden) this.#visible = this.#visible.filter(isVisible);
    if (appeared.length > 0) this.#visible = mergeSorted(this.#visible, appeared, bySlotKey);
  }

  /** The config of that key; `undefined` when no live config has it. */
  get(key: string): CompiledConfig | undefined {
    return this.#slots.get(key)?.config;
  }

  /** The number of configs that clients may see. */
  get visible(): number {
    return this.#visible.length;
  }

  /** Evaluates the config at an index among those that clients may see, in order of keys. */
  evaluateVisible(index: number, pass: PredicateInput): Evaluation {
    return this.#visible[index]?.config?.evaluate(pass) ?? MISSING;
  }

  /** See `Evaluator.intervalAt`. */
  intervalAt(now: number): string {
    this.#boundaries ??= new TimeBoundaries(this.#boundariesOfVisible());
    return this.#boundaries.intervalAt(now);
  }

  /**
   * The boundaries of the configs that clients may see, and of all segments that these use,
   * directly or not.
   */
  *#boundariesOfVisible(): Generator<ConfigBoundaries> {
    const segments = new Set<Slot>();
    for (const { uses, boundaries } of this.#visible) {
      for (const used of uses) segments.add(used);
      // Most have none, and a yield for each would take three times as long.
      if (boundaries.length > 0) yield boundaries;
    }
    // An element added to a set during its iteration is visited too.
    for (const { uses, boundaries } of segments) {
      for (const used of uses) segments.add(used);
      yield boundaries;
    }
  }

  /** Membership in the segment of that key, which may not exist (yet). */
  segment(key: string): PredicateId {
    const slot = this.#slot(key);
    if (slot.membership === undefined) this.#segments.push(slot);
    slot.membership ??= this.predicates.add(`IN_SEG ${key}`, () => (pass) => this.#isMember(slot, pass));
    this.#uses.add(slot);
    return slot.membership;
  }

  #slot(key: string): Slot {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot = {
      key,
      config: undefined,
      uses: [],
      boundaries: [],
      membership: undefined,
      height: undefined,
    };
    this.#slots.set(key, slot);
    return slot;
  }

  #order(): void {
    this.#ordered = this.#segments.length;
    this.#high = [];
    for (const segment of this.#segments) segment.height = undefined;
    for (const [segment, height] of segmentHeights(this.#segments)) {
      segment.height = height;
      if (height >= MAX_SEGMENT_DEPTH) this.#high.push(segment);
    }
  }

  #isMember({ config, height }: Slot, pass: PredicateInput): boolean {
    if (config === undefined || height === undefined) return false;
    if (height > MAX_SEGMENT_DEPTH) this.#testBelow(height, pass);
    const evaluation = config.evaluate(pass);
    return evaluation.kind === 'resolved' && evaluation.value.kind === 'bool' && evaluation.value.value;
  }

  /**
   * Tests the segments below a height first, so that a long chain of segments does not need a deep
   * stack.
   */
  #testBelow(height: number, pass: PredicateInput): void {
    for (const segment of this.#high) {
      if (segment.height === height) return;
      if (segment.membership !== undefined) pass.holds(segment.membership);
    }
  }
}

/** `undefined` when the config is damaged inside; its neighbours are not affected. */
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

function bySlotKey(a: Slot, b: Slot): number {
  return a.key < b.key ? -1 : 1;
}

/** The order of entries that `CompiledRuleset.commit` expects. */
export function compareEntries(a: CompiledEntry, b: CompiledEntry): number {
  return bySlotKey(a.slot, b.slot);
}
