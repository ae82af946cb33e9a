/**
 * A ruleset in compiled form, brought from version to version by deltas.
 *
 * Only what a delta brings is compiled. That works because no compiled config holds another: a rule holds the slot of the segment that it
 * names, into which the present config of that key is put.
 */
import { decodeConfig, type EncodedConfig } from '../ruleset/decode.js';
import type { Config } from '../ruleset/model.js';
import { compileConfig, isDeleted, unreadableConfig, type CompiledConfig } from './compile.js';
import type { Names, Test } from './criterion.js';
import { Moments, turningPoints, type TurningPoints } from './moments.js';
import { property, type Property, type Run } from './run.js';
import { heights, MAX_NESTING } from './segments.js';

/** What is known under a key. */
interface Slot {
  readonly key: string;
  /** `undefined` while there is no live config of that key. */
  config: CompiledConfig | undefined;
  /** The segments that its rules name. */
  uses: readonly Slot[];
  turningPoints: TurningPoints;
  /** The place in a run of whether it holds, if some rule names it as a segment. */
  place: number | undefined;
  /** See segments.ts; `undefined` for a segment that is in a circle, or leads into one. */
  height: number | undefined;
}

export class Compilation implements Names {
  readonly #environment: bigint;
  readonly #slots = new Map<string, Slot>();
  readonly #properties = new Map<string, Property>();
  /** Those that rules name, by place. */
  readonly #segments: Slot[] = [];
  /** The segments from `MAX_NESTING` on, ascending by height. */
  #high: Slot[] = [];
  /** What clients may see, in order of keys. */
  #visible: Slot[] = [];
  #moments: Moments | undefined;
  /** The configs of the first delta, and of all. */
  #first: number | undefined;
  #compiled = 0;
  /** What the config at hand uses. */
  #uses = new Set<Slot>();

  constructor(environment: bigint) {
    this.#environment = environment;
  }

  /** How many different properties its rules name. */
  get properties(): number {
    return this.#properties.size;
  }

  /** How many different segments its rules name. */
  get segments(): number {
    return this.#segments.length;
  }

  /**
   * Whether so much came since the first delta that it should be made anew, because names that no rule has any more stay. That is
   * seldom enough to cost no more than the changes did.
   */
  get isWorn(): boolean {
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
      isSegmentChanged ||= slot.place !== undefined;
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

  /** What clients may see, in order of keys. */
  *visible(): Generator<CompiledConfig> {
    for (const { config } of this.#visible) if (config !== undefined) yield config;
  }

  /** See `Evaluator.moment`. */
  moment(now: number): string {
    this.#moments ??= new Moments([...this.#slots.values()].map((slot) => slot.turningPoints));
    return this.#moments.nameOf(now);
  }

  property(name: string): Property {
    const known = this.#properties.get(name);
    if (known !== undefined) return known;
    const made = property(name, this.#properties.size);
    this.#properties.set(name, made);
    return made;
  }

  segment(key: string): Test {
    const slot = this.#slot(key);
    slot.place ??= this.#segments.push(slot) - 1;
    this.#uses.add(slot);
    const { place } = slot;
    return (run) => run.segments[place] ?? this.#decide(slot, place, run);
  }

  #slot(key: string): Slot {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot = {
      key,
      config: undefined,
      uses: [],
      turningPoints: [],
      place: undefined,
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
    slot.turningPoints = config === undefined ? [] : turningPoints(config);
    slot.uses = [...this.#uses];
  }

  #order(): void {
    this.#high = [];
    for (const segment of this.#segments) segment.height = undefined;
    for (const [segment, height] of heights(this.#segments)) {
      segment.height = height;
      if (height >= MAX_NESTING) this.#high.push(segment);
    }
  }

  /** Whether a run is in a segment that it was not asked for yet. */
  #decide(segment: Slot, place: number, run: Run): boolean {
    const { config, height } = segment;
    if (config === undefined || height === undefined) return (run.segments[place] = false);
    if (height > MAX_NESTING) this.#decideBelow(height, run);
    const evaluation = config.evaluate(run);
    const holds = evaluation.kind === 'decided' && evaluation.value.kind === 'bool' && evaluation.value.value;
    return (run.segments[place] = holds);
  }

  /** So that a long chain of segments does not take a stack as long. */
  #decideBelow(height: number, run: Run): void {
    for (const segment of this.#high) {
      const { place } = segment;
      if (segment.height === height) return;
      if (place !== undefined && run.segments[place] === undefined) this.#decide(segment, place, run);
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
