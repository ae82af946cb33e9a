/** The state of one environment at one source. */
import type { Logger } from 'pino';
import { messageOf } from '../../core/errors.js';
import { instantBefore, instantNow, type Instant, type InstantClock } from '../../core/instant.js';
import { unpackKeys } from '../format/keys.js';
import { decodeManifest, MANIFEST_MAX_BYTES, type CopiedKey, type Manifest } from '../format/manifest.js';
import { manifestName } from '../format/names.js';
import type { ReadLane, ReadTurn } from './read-lanes.js';
import type { CopySource } from './source.js';
import type { CopyTimes } from './times.js';
import { orRefuse, isUnavailable, refusedAs, RefusedCopy, type Refusal } from './validate.js';

/** The source, the environment, and the parts that a refresh needs. */
export interface SourceStateOptions {
  readonly environment: bigint;
  readonly source: CopySource;
  readonly times: Pick<CopyTimes, 'manifest' | 'snapshot'>;
  readonly clock: InstantClock;
  readonly log: Logger;
  /** Returns the keys of an object that is known already, from another source or before. */
  readonly knownKeys: (object: string) => readonly CopiedKey[] | undefined;
  /** Told of the keys of each manifest, before it counts. Never rejects. */
  readonly onKeys: (keys: readonly CopiedKey[]) => Promise<void>;
  readonly onRefused: (reason: Refusal) => void;
}

/** Remembers the manifest that one source has of one environment. */
export class SourceState {
  readonly source: CopySource;
  readonly #options: SourceStateOptions;
  #state: 'unknown' | 'found' | 'absent' | 'failed' = 'unknown';
  #manifest: Manifest | undefined;
  #etag: string | undefined;
  #at: Instant | undefined;
  #asking: Promise<void> | undefined;
  #turn: ReadTurn = { lane: 'lookup' };
  /** The last one, so that it is logged once. */
  #rejection: string | undefined;

  constructor(options: SourceStateOptions) {
    this.source = options.source;
    this.#options = options;
  }

  /** The outcome of the last refresh. */
  get state(): 'unknown' | 'found' | 'absent' | 'failed' {
    return this.#state;
  }

  /** The last that it had; it may be failing since. */
  get manifest(): Manifest | undefined {
    return this.#manifest;
  }

  /** When it last said so. */
  get at(): Instant | undefined {
    return this.#at;
  }

  get isAsking(): boolean {
    return this.#asking !== undefined;
  }

  /**
   * Reads the manifest. Never rejects; calls in the meantime wait for the same answer, which then
   * comes in the turn of known environments if one of them is in that lane.
   */
  ask(lane: Exclude<ReadLane, 'snapshot'>): Promise<void> {
    if (this.#asking === undefined) {
      this.#turn = { lane };
      this.#asking = this.#ask().finally(() => (this.#asking = undefined));
    } else if (lane === 'manifest') {
      this.source.move(this.#turn, lane);
    }
    return this.#asking;
  }

  /** Counts and logs that a copy of this source is not served. */
  reject(error: unknown): void {
    // The source itself has told of what it could not read.
    if (isUnavailable(error)) return;
    const { log, environment, onRefused } = this.#options;
    const reason = error instanceof RefusedCopy ? error.refusal : 'content';
    onRefused(reason);
    const rejection = `${reason} ${messageOf(error)}`;
    if (rejection === this.#rejection) return;
    this.#rejection = rejection;
    const about = { source: this.source.name, environment: `${environment}`, reason };
    log.warn({ ...about, error: messageOf(error) }, 'a copy is refused');
  }

  /** True when it has the served version; counts what has that version and is something else. */
  hasCopy({ version, sha256 }: Manifest): boolean {
    if (this.#manifest?.version !== version) return false;
    if (this.#manifest.sha256 === sha256) return true;
    this.reject(new RefusedCopy('forked', `version ${version} is something else there`));
    return false;
  }

  async #ask(): Promise<void> {
    const { environment, times, clock } = this.#options;
    const begun = instantNow(clock);
    try {
      const options = {
        within: times.manifest,
        max: MANIFEST_MAX_BYTES,
        unless: this.#etag,
        turn: this.#turn,
      };
      const reading = await this.source.read(manifestName(environment), options);
      if (reading.kind === 'absent') {
        this.#manifest = this.#etag = undefined;
        this.#state = 'absent';
        return;
      }
      if (reading.kind === 'found') await this.#learn(reading.bytes, reading.etag);
      this.#state = 'found';
      this.#at = instantBefore(begun, (reading.age ?? 0) * 1000);
    } catch (error) {
      this.#state = 'failed';
      this.reject(refusedAs('manifest', error));
    }
  }

  async #learn(bytes: Uint8Array, etag: string): Promise<void> {
    const { environment, onKeys } = this.#options;
    const before = this.#manifest;
    // Until this one is read, nothing is known of which the ETag could say that it is unchanged.
    this.#etag = undefined;
    const manifest = await this.#withKeys(orRefuse('manifest', () => decodeManifest(bytes, environment)));
    await onKeys(manifest.keys);
    this.#manifest = manifest;
    this.#etag = etag;
    if (before !== undefined && manifest.version < before.version) {
      this.reject(new RefusedCopy('backwards', `from version ${before.version} to ${manifest.version}`));
    }
  }

  /** Reads the object of keys, if there is one that is not known: sources mostly have the same. */
  async #withKeys(manifest: Manifest): Promise<Manifest> {
    const { knownKeys, times } = this.#options;
    const object = manifest.keysObject?.object;
    if (object === undefined) return manifest;
    const known = knownKeys(object);
    if (known !== undefined) return { ...manifest, keys: known };
    const read = await unpackKeys(manifest, async ({ object: name, bytes: max }) => {
      const turn = { lane: this.#turn.lane };
      const reading = await this.source.read(name, { within: times.snapshot, max, turn });
      return reading.kind === 'found' ? reading.bytes : undefined;
    });
    // Read from another source in the meantime: one list is enough.
    return { ...read, keys: knownKeys(object) ?? read.keys };
  }
}

/**
 * Waits for all answers, or for a while after the first manifest has come; not for sources that
 * were failing before, which would delay every first use.
 *
 * @param asked the answers of the states, in order; none rejects
 * @param grace milliseconds
 */
export async function enoughAnswers(
  states: readonly SourceState[],
  asked: readonly Promise<void>[],
  grace: number,
): Promise<void> {
  const failing = new Set(states.filter(({ source }) => source.failing));
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    const answered = (): void => {
      if (states.every(({ isAsking, state }) => isAsking || state !== 'found')) return;
      if (states.every((state) => !state.isAsking || failing.has(state))) resolve();
      else timer ??= setTimeout(resolve, grace);
    };
    for (const each of asked) void each.then(answered);
  });
  await Promise.race([Promise.all(asked), enough]);
  clearTimeout(timer);
}
