/**
 * The public node SDK as a reference: unmodified, through its public interface, given the bytes
 * that Holdfast sends. Its `fetch` option is answered from memory; nothing else of it is replaced,
 * and nothing is sent.
 */
import { Prefab } from '@prefab-cloud/prefab-cloud-node';
import type { Contexts } from '../../src/evaluate/contexts.js';
import type { Ruleset } from '../../src/ruleset/ruleset.js';

/** Which rule decided, as the SDK would report it in its telemetry. */
export interface Decision {
  readonly row: number;
  readonly conditional: number;
  readonly weighted: number | undefined;
}

/** The SDK collects telemetry only for sources with such a name. */
const SOURCE = 'https://belt.test';

/** The SDK holding a ruleset. */
export class Reference {
  readonly #prefab: Prefab;

  private constructor(prefab: Prefab) {
    this.#prefab = prefab;
  }

  /** @param reports whether decisions can be asked for, which costs the SDK time */
  static async of(ruleset: Ruleset, reports: boolean): Promise<Reference> {
    // The SDK caches the responses of one URL for all its instances, unless it is told not to.
    const headers = { 'cache-control': 'no-store' };
    const prefab = new Prefab({
      apiKey: 'reference',
      sources: [SOURCE],
      fetch: () => Promise.resolve(new Response(Buffer.from(ruleset.encode(0n)), { headers })),
      enableSSE: false,
      onNoDefault: 'ignore',
      collectLoggerCounts: false,
      contextUploadMode: 'none',
      collectEvaluationSummaries: reports,
    });
    await prefab.init();
    return new Reference(prefab);
  }

  /**
   * As its users call it: `undefined` where there is no value, durations in milliseconds, log
   * levels by number.
   */
  get(key: string, contexts: Contexts): unknown {
    return this.#prefab.get(key, contexts as Parameters<Prefab['get']>[1]);
  }

  /** The same with contexts that are bound once. */
  with(contexts: Contexts): (key: string) => unknown {
    const bound = this.#prefab.withContext(contexts as Parameters<Prefab['withContext']>[0]);
    return (key) => bound.get(key);
  }

  /** The value, and what decided it; the SDK reports neither log levels nor what has no value. */
  explain(key: string, contexts: Contexts): { value: unknown; decision: Decision | undefined } {
    const { data } = this.#prefab.telemetry.evaluationSummaries;
    data.clear();
    const value = this.get(key, contexts);
    for (const [about, counters] of data) {
      // Segments that were asked for on the way are reported too.
      if ((JSON.parse(about) as [string, string])[0] !== key) continue;
      const [counter = '[]'] = counters.keys();
      const [, conditional, row, , , weighted] = JSON.parse(counter) as [
        string,
        number,
        number,
        string,
        unknown,
        number | null,
      ];
      return { value, decision: { row, conditional, weighted: weighted ?? undefined } };
    }
    return { value, decision: undefined };
  }

  close(): void {
    this.#prefab.close();
  }
}
