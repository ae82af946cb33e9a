/**
 * One environment as a belt server has it: the newest valid copy among its sources, and the keys of all of them.
 *
 * Invariants:
 * - What is served was checked whole (taking.ts), and its version never falls.
 * - A key that any source has ever called revoked is revoked.
 * - `confirmedAt` is a moment at which a source had no newer version than is served, and none is known that has.
 *
 *     look:   pointers of all sources ──(all, or the first and a little while)──▶ newest valid copy ──▶ served
 *                        └── one that comes late ─────────────────────────────────────┘
 */
import type { Logger } from 'pino';
import type { Ruleset } from '../../ruleset/ruleset.js';
import type { CopyCache } from './cache.js';
import { lacksKeys, mergeKeys, type CopiedKey, type Manifest } from '../format.js';
import type { CopySource } from './source.js';
import { mergeCopy, validateCopy, RefusedCopy, type Refusal } from './validate.js';
import { SourceState } from './source-state.js';

export interface CopyTimes {
  /** For a pointer, milliseconds. */
  readonly pointer: number;
  /** For a snapshot, milliseconds. */
  readonly snapshot: number;
  /** How long sources may still answer after the first pointer has come, milliseconds. A newer one that comes later is taken then. */
  readonly grace: number;
}

export const COPY_TIMES: CopyTimes = { pointer: 5_000, snapshot: 30_000, grace: 1_000 };

/** A confirmation is written to the cache when the one that it has is older than this, milliseconds. */
const RESAVE_MS = 10 * 60_000;

export interface EnvironmentCopyOptions {
  readonly environment: bigint;
  readonly sources: readonly CopySource[];
  readonly cache: CopyCache | undefined;
  readonly times: CopyTimes;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
  readonly onRefused: (reason: Refusal) => void;
}

interface Held {
  readonly pointer: Manifest;
  readonly ruleset: Ruleset;
  /** When it was taken, milliseconds since 1970. */
  readonly since: number;
}

export class EnvironmentCopy {
  readonly #options: EnvironmentCopyOptions;
  readonly #views: readonly SourceState[];
  #held: Held | undefined;
  #keys: readonly CopiedKey[] = [];
  #byHash = new Map<string, CopiedKey>();
  #confirmedAt = 0;
  #isCurrent = false;
  /** What the cache has, or is being given. */
  #saved: { version: bigint; keys: readonly CopiedKey[]; at: number } | undefined;
  #lookedAt = -Infinity;
  #looking: Promise<void> | undefined;
  #taking: Promise<void> = Promise.resolve();

  constructor(options: EnvironmentCopyOptions) {
    this.#options = options;
    const { environment, sources, times, now, log, onRefused } = options;
    const onKeys = (keys: readonly CopiedKey[]): void => this.#learnKeys(keys);
    this.#views = sources.map(
      (source) =>
        new SourceState({ environment, source, within: times.pointer, now, log, onRefused, onKeys }),
    );
  }

  get environment(): bigint {
    return this.#options.environment;
  }

  get ruleset(): Ruleset | undefined {
    return this.#held?.ruleset;
  }

  /** When it was last known to be the newest, milliseconds since 1970. */
  get confirmedAt(): number {
    return this.#confirmedAt;
  }

  /** When the last look began, milliseconds since 1970; minus infinity before the first. */
  get lookedAt(): number {
    return this.#lookedAt;
  }

  /** Whether at the last look a source had what is served, and none is known to have more. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  get isLooking(): boolean {
    return this.#looking !== undefined;
  }

  /** Whether every source answered that it has nothing of this environment. */
  get isAbsent(): boolean {
    return this.#views.every(({ state }) => state === 'absent');
  }

  /** The key with that hash, revoked or not. */
  key(hash: string): CopiedKey | undefined {
    return this.#byHash.get(hash);
  }

  /** For how long a source has had an older version than is served, milliseconds; 0 when it has not. */
  behindFor(source: CopySource): number {
    const pointer = this.#views.find((view) => view.source === source)?.pointer;
    if (this.#held === undefined || pointer === undefined) return 0;
    const { since, pointer: held } = this.#held;
    return pointer.version < held.version ? Math.max(1, this.#options.now() - since) : 0;
  }

  /** Begins with what the cache has. It was confirmed when it was saved, or later. */
  async restore(): Promise<void> {
    const { cache, environment } = this.#options;
    const saved = await cache?.read(environment);
    if (saved === undefined || this.#held !== undefined) return;
    this.#learnKeys(saved.pointer.keys);
    const { version, writtenAt: at } = saved.pointer;
    this.#held = { ...saved, since: at };
    this.#confirmedAt = at;
    this.#saved = { version, keys: this.#keys, at };
  }

  /** Asks all sources for what they have, and takes what is newer and valid. Never rejects; calls meanwhile get the same look. */
  look(): Promise<void> {
    if (this.#looking === undefined) {
      this.#lookedAt = this.#options.now();
      this.#looking = this.#look().finally(() => (this.#looking = undefined));
    }
    return this.#looking;
  }

  async #look(): Promise<void> {
    await this.#enough(this.#views.map((view) => view.ask()));
    // One that comes after this is not forgotten.
    for (const late of this.#views.filter(({ isAsking }) => isAsking))
      void late.ask().then(() => this.#take());
    await this.#take();
  }

  /** Waits for all, or for a while after the first pointer has come; not for sources that were failing before, which would delay every first use. */
  async #enough(asked: readonly Promise<void>[]): Promise<void> {
    const { grace } = this.#options.times;
    const failing = new Set(this.#views.filter(({ source }) => source.failing));
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      const answered = (): void => {
        if (this.#views.every(({ isAsking, state }) => isAsking || state !== 'found')) return;
        if (this.#views.every((view) => !view.isAsking || failing.has(view))) resolve();
        else timer ??= setTimeout(resolve, grace);
      };
      for (const each of asked) void each.then(answered);
    });
    await Promise.race([Promise.all(asked), enough]);
    clearTimeout(timer);
  }

  #learnKeys(keys: readonly CopiedKey[]): void {
    if (!lacksKeys(this.#keys, keys)) return;
    this.#keys = mergeKeys(this.#keys, keys);
    this.#byHash = new Map(this.#keys.map((key) => [key.hash, key]));
  }

  /** One after the other: two that were under way at once could take an older version after a newer one. */
  #take(): Promise<void> {
    this.#taking = this.#taking.then(async () => {
      const tried = new Set<Manifest>();
      for (let next = this.#newest(tried); next !== undefined; next = this.#newest(tried)) {
        tried.add(next.pointer);
        await this.#takeFrom(next.view, next.pointer);
      }
      this.#confirm();
      this.#save();
    });
    return this.#taking;
  }

  /** The newest copy that is newer than ours; of equal versions the one whose source knows of more revocations. */
  #newest(tried: ReadonlySet<Manifest>): { view: SourceState; pointer: Manifest } | undefined {
    const ours = this.#held?.pointer.version ?? -1n;
    let best: { view: SourceState; pointer: Manifest } | undefined;
    for (const view of this.#views) {
      const { state, pointer } = view;
      if (state !== 'found' || pointer === undefined || tried.has(pointer) || pointer.version <= ours)
        continue;
      if (best === undefined || isBetter(pointer, best.pointer)) best = { view, pointer };
    }
    return best;
  }

  async #takeFrom(view: SourceState, pointer: Manifest): Promise<void> {
    const { times, now } = this.#options;
    try {
      const reading = await view.source.read(pointer.object, times.snapshot);
      if (reading.kind !== 'found') throw new RefusedCopy('missing', `${pointer.object} is not there`);
      const newer = validateCopy(pointer, reading.bytes);
      this.#held = { pointer, ruleset: mergeCopy(this.#held?.ruleset, newer), since: now() };
    } catch (error) {
      view.complain(error);
    }
  }

  #confirm(): void {
    const held = this.#held?.pointer;
    if (held === undefined) return;
    const same = this.#views.filter((view) => isCopyOf(view, held));
    // A newer one that cannot be had.
    const isBehind = this.#views.some(({ pointer }) => (pointer?.version ?? 0n) > held.version);
    this.#isCurrent = !isBehind && same.some(({ state }) => state === 'found');
    if (!isBehind) this.#confirmedAt = Math.max(this.#confirmedAt, ...same.map(({ at }) => at));
  }

  /** Lets the cache have what is new: a copy, keys, and, roughly, when it was last confirmed. Nobody waits for it. */
  #save(): void {
    const { cache } = this.#options;
    if (cache === undefined || this.#held === undefined) return;
    const { pointer, ruleset } = this.#held;
    const next = { version: pointer.version, keys: this.#keys, at: this.#confirmedAt };
    const { version, keys, at } = this.#saved ?? { at: -Infinity };
    if (version === next.version && keys === next.keys && next.at - at < RESAVE_MS) return;
    this.#saved = next;
    const writing = cache.write({ ...pointer, keys: next.keys, writtenAt: next.at }, ruleset);
    void writing.then((isWritten) => {
      if (!isWritten && this.#saved === next) this.#saved = undefined;
    });
  }
}

/** Whether a source has what is served. */
function isCopyOf(view: SourceState, held: Manifest): boolean {
  const { pointer } = view;
  if (pointer?.version !== held.version) return false;
  if (pointer.sha256 === held.sha256) return true;
  view.complain(new RefusedCopy('forked', `version ${held.version} is something else there`));
  return false;
}

function isBetter(pointer: Manifest, than: Manifest): boolean {
  if (pointer.version !== than.version) return pointer.version > than.version;
  return revocations(pointer) > revocations(than);
}

function revocations({ keys }: Manifest): number {
  return keys.filter(({ revokedAt }) => revokedAt !== undefined).length;
}
