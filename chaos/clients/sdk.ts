/**
 * The unmodified npm SDK. It shows no events, so what it evaluates is looked at again and again.
 */
import { Prefab } from '@prefab-cloud/prefab-cloud-node';
import type { Truth } from '../truth.js';
import type { Client, ClientOptions } from './client.js';
import type { Via } from './journal.js';

/** Between two looks, milliseconds. */
const LOOK = 200;
const MISSING = '(missing)';

/** The values of a key, one entry for each time that it differed from the one before. */
export interface Sighting {
  readonly at: number;
  readonly key: string;
  readonly value: string;
}

export class SdkClient implements Client {
  readonly journal = undefined;
  readonly sightings: Sighting[] = [];
  readonly #options: ClientOptions;
  readonly #prefab: Prefab;
  readonly #watched: readonly string[];
  readonly #last = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  /** @param watched keys of string configs; each value of them is unique in the run */
  constructor(options: ClientOptions, watched: readonly string[]) {
    this.#options = options;
    this.#watched = watched;
    this.#prefab = new Prefab({
      apiKey: options.key,
      sources: [options.url],
      enableSSE: true,
      enablePolling: false,
      collectLoggerCounts: false,
      contextUploadMode: 'none',
      collectEvaluationSummaries: false,
    });
  }

  get name(): string {
    return this.#options.name;
  }

  get via(): Via {
    return this.#options.via;
  }

  get environment(): bigint {
    return this.#options.environment;
  }

  /** Loads the ruleset and subscribes. */
  async start(): Promise<void> {
    await this.#prefab.init();
    this.#timer = setInterval(() => this.#look(), LOOK);
  }

  differs(truth: Truth): string | undefined {
    const ruleset = truth.rulesets.get(this.environment);
    if (ruleset === undefined) return `the store has no environment ${this.environment}`;
    for (const { key, value } of ruleset.configs.values()) {
      const seen = this.#get(key);
      if (seen === value || (truth.loss === 'forgiven' && this.#mayBeLost(truth, key, seen))) continue;
      return `evaluates ${key} to ${shown(seen)}, and the store has ${shown(value)}`;
    }
    return undefined;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#prefab.close();
  }

  #look(): void {
    for (const key of this.#watched) {
      const value = this.#get(key);
      if (typeof value !== 'string' || value === this.#last.get(key)) continue;
      this.#last.set(key, value);
      this.sightings.push({ at: performance.now(), key, value });
    }
  }

  #get(key: string): unknown {
    // Without a default the SDK throws for a key that it does not have.
    const value: unknown = this.#prefab.get(key, undefined, MISSING);
    return value === MISSING ? undefined : value;
  }

  /**
   * True when the value may come from a commit that the store has lost: the store never had it
   * under that key.
   */
  #mayBeLost({ history }: Truth, key: string, value: unknown): boolean {
    if (typeof value !== 'string') return true;
    return !history.some(({ environment, configs }) => {
      return (
        environment === this.environment && configs.some((each) => each.key === key && each.text === value)
      );
    });
  }
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);
}
