/** Changes as they come out of the store, made without one. Pure but for the clock. */
import { encodeConfig, encodeEnvelope } from '../src/ruleset/codec.js';
import type { Change } from '../src/ruleset/ruleset.js';
import { flag } from '../test/support/configs.js';

/**
 * So many that a subscriber who has one of them gets few enough items at once for its queue in
 * Pushpin (100).
 */
export const ENVIRONMENTS = 300;

/** Small changes, each of one flag, to the environments in turn. */
export class Changes {
  readonly environments: readonly number[];
  readonly #versions: bigint[];
  #turn = 0;

  constructor(first: number, count = ENVIRONMENTS) {
    this.environments = Array.from({ length: count }, (_, index) => first + index);
    this.#versions = this.environments.map(() => 0n);
  }

  /** The environment of the last change of each round. */
  get last(): number {
    return this.environments.at(-1)!;
  }

  /** Makes changes, the first of the environment after that of the last one before. */
  next(count: number): Change[] {
    const at = BigInt(Date.now()) * 1000n;
    return Array.from({ length: count }, (_, index) => {
      const place = this.#turn % this.environments.length;
      const environment = BigInt(this.environments[place]!);
      const previous = this.#versions[place]!;
      // Several calls may be in one millisecond.
      const version = at + BigInt(index) > previous ? at + BigInt(index) : previous + 1n;
      this.#versions[place] = version;
      const config = flag('bench.flag', Math.floor(this.#turn++ / this.environments.length) % 2 === 0);
      return {
        environment,
        previous,
        version,
        clientPrevious: previous,
        clientVersion: version,
        at,
        envelope: encodeEnvelope({ id: environment, projectId: 1n }),
        configs: [encodeConfig({ id: `${version}`, projectId: '1', ...config })],
      };
    });
  }
}
