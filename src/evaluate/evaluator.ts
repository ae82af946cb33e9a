/**
 * Evaluates a ruleset for contexts: the published semantics of the public SDKs, and where these
 * disagree the choice that docs/evaluation.md records. Pure and total: nothing here throws, for any
 * ruleset.
 */
import { runInSlices, sortSteps } from '../core/steps.js';
import { decodeConfig, decodeConfigs } from '../ruleset/decode.js';
import type { Config } from '../ruleset/model.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { EvaluationOptions } from './evaluation-options.js';
import { compareEntries, CompiledRuleset, type CompiledEntry } from './compiled-ruleset.js';
import { MISSING, traceOf } from './compiled-config.js';
import { contextsOf, NO_CONTEXTS, type Contexts } from './contexts.js';
import { explanationOf, type Explanation } from './explanation.js';
import type { Evaluation, LoggerLevel } from './result.js';
import { EvaluationPass } from './evaluation-pass.js';
import type { WorkSlices } from './work-slices.js';

export type { EvaluationOptions } from './evaluation-options.js';

/** The key of the level of all loggers, and the prefix of the keys of single ones. */
const LOG_LEVEL = 'log-level';

/** The level of a logger without a config. */
const DEFAULT_LEVEL: LoggerLevel = 'WARN';

/** A delta of up to this many configs is compiled in the turn that needs it (5 ms). */
const SMALL_DELTA = 50;

/**
 * Follows a ruleset: each call sees its present version, and compiles only the configs that changed
 * since the call before. The first call compiles all of it, unless `prepare` did.
 */
export class Evaluator {
  readonly #ruleset: Ruleset;
  readonly #onOverBudget: () => void;
  #compiled: CompiledRuleset;
  /** The version that is compiled. Starts below every version, so that the first call compiles. */
  #version = -1n;
  #defaults: Contexts = NO_CONTEXTS;
  #preparing: Promise<void> | undefined;

  /** @param onOverBudget called once per evaluation in which the budget left predicates untested */
  constructor(ruleset: Ruleset, onOverBudget: () => void = () => undefined) {
    this.#ruleset = ruleset;
    this.#onOverBudget = onOverBudget;
    this.#compiled = new CompiledRuleset(ruleset.environment);
  }

  /** The environment of the ruleset. */
  get environment(): bigint {
    return this.#ruleset.environment;
  }

  /** The version of the ruleset that the next evaluation sees. */
  get version(): bigint {
    return this.#ruleset.version;
  }

  /**
   * Compiles the present version in slices, so that the evaluation that follows in the same turn
   * need not. Calls during the work share it.
   */
  async prepare(begin: () => Promise<WorkSlices>): Promise<void> {
    if (this.#ruleset.version === this.#version) return;
    const isFirst = this.#version < 0n;
    if (this.#preparing === undefined && !isFirst && !this.#isRecompilationDue) {
      if (this.#ruleset.delta(this.#version).length <= SMALL_DELTA) return;
    }
    this.#preparing ??= this.#compileInSlices(begin).finally(() => (this.#preparing = undefined));
    await this.#preparing;
  }

  /** Evaluates one config. */
  evaluate(key: string, contexts: Contexts, options: EvaluationOptions): Evaluation {
    const compiled = this.#refresh();
    return this.#inPass(contexts, options, (pass) => compiled.get(key)?.evaluate(pass) ?? MISSING);
  }

  /** Evaluates one config, and explains the result. Costs decoding the config in addition. */
  explain(key: string, contexts: Contexts, options: EvaluationOptions): Explanation {
    const compiled = this.#refresh();
    return this.#inPass(contexts, options, (pass) => {
      const trace = traceOf(compiled.get(key), pass);
      const traced = { pass, predicates: compiled.predicates };
      return explanationOf(this.#decoded(key), this.environment, trace, traced);
    });
  }

  #decoded(key: string): Config | undefined {
    const encoded = this.#ruleset.get(key);
    try {
      return encoded && decodeConfig(encoded);
    } catch {
      return undefined;
    }
  }

  /**
   * Evaluates every config that clients may see (`EvaluatedConfig.visible`), in order of keys;
   * unresolved ones included.
   */
  evaluateVisible(contexts: Contexts, options: EvaluationOptions): Evaluation[] {
    const compiled = this.#refresh();
    return this.#inPass(contexts, options, (pass) =>
      Array.from({ length: compiled.visible }, (_, index) => compiled.evaluateVisible(index, pass)),
    );
  }

  /**
   * Evaluates the same configs as `evaluateVisible`, in slices.
   *
   * @param visit called for each evaluation, in order of keys; its work is part of the slices
   * @returns false when the ruleset changed before the end: what was visited is of no single
   *   version
   */
  async evaluateVisibleInSlices(
    contexts: Contexts,
    options: EvaluationOptions,
    slices: WorkSlices,
    visit: (evaluation: Evaluation) => void,
  ): Promise<boolean> {
    const compiled = this.#refresh();
    const version = this.#version;
    const pass = this.#pass(contexts, options, true);
    for (let index = 0; index < compiled.visible; index++) {
      visit(compiled.evaluateVisible(index, pass));
      if (!slices.isOver) continue;
      await slices.next();
      if (this.#ruleset.version !== version) return false;
    }
    if (pass.untested > 0) this.#onOverBudget();
    return true;
  }

  /**
   * The level of a logger: that of the config `log-level.<name>`, else of the name without its last
   * dot part and so on, else of `log-level`, else WARN. A config that has no level is skipped.
   */
  logLevel(logger: string, contexts: Contexts, options: EvaluationOptions): LoggerLevel {
    const compiled = this.#refresh();
    return this.#inPass(contexts, options, (pass) => {
      let key = `${LOG_LEVEL}.${logger}`;
      for (;;) {
        const evaluation = compiled.get(key)?.evaluate(pass);
        if (evaluation?.kind === 'resolved' && evaluation.value.kind === 'logLevel')
          return evaluation.value.value;
        if (key === LOG_LEVEL) return DEFAULT_LEVEL;
        key = key.slice(0, key.lastIndexOf('.'));
      }
    });
  }

  /**
   * Names the interval between time boundaries that `now` (milliseconds since 1970) lies in. At one
   * version, also at one client version, the configs that clients may see evaluate equally for
   * equal contexts within one interval. Rules can compare `prefab.current-time` with constants;
   * each constant that passes begins a new interval. Rules that use the time in another way make
   * each millisecond an interval of its own. The name is a part of ETags.
   */
  intervalAt(now: number): string {
    return this.#refresh().intervalAt(now);
  }

  #inPass<T>(contexts: Contexts, options: EvaluationOptions, work: (pass: EvaluationPass) => T): T {
    const pass = this.#pass(contexts, options, false);
    const result = work(pass);
    if (pass.untested > 0) this.#onOverBudget();
    return result;
  }

  #pass(contexts: Contexts, options: EvaluationOptions, isInterrupted: boolean): EvaluationPass {
    return new EvaluationPass(contexts, options, this.#defaults, this.#compiled.predicates, isInterrupted);
  }

  /** True when the next refresh compiles everything. Not while slices do so already. */
  get #isRecompilationDue(): boolean {
    return this.#compiled.isRecompilationDue && this.#preparing === undefined;
  }

  #refresh(): CompiledRuleset {
    if (this.#ruleset.version === this.#version) return this.#compiled;
    const isNew = this.#isRecompilationDue;
    if (isNew) this.#compiled = new CompiledRuleset(this.environment);
    this.#compiled.apply(this.#ruleset.delta(isNew ? 0n : this.#version));
    this.#isAt(this.#ruleset);
    return this.#compiled;
  }

  async #compileInSlices(begin: () => Promise<WorkSlices>): Promise<void> {
    const isNew = this.#compiled.isRecompilationDue;
    const compiled = isNew ? new CompiledRuleset(this.environment) : this.#compiled;
    let from = isNew ? -1n : this.#version;
    const slices = await begin();
    // A version that comes during the work is compiled after it.
    while (from !== this.#ruleset.version) {
      const { version } = this.#ruleset;
      const compiledEntries: CompiledEntry[] = [];
      for (const encoded of this.#ruleset.delta(from)) {
        compiledEntries.push(compiled.compile(encoded));
        if (slices.isOver) await slices.next();
      }
      const entries = await runInSlices(sortSteps(compiledEntries, compareEntries), slices);
      // An evaluation without `prepare` was first, and compiled at least this version.
      if (!isNew && this.#version !== from) return;
      compiled.commit(entries);
      from = version;
      if (isNew && version !== this.#ruleset.version) continue;
      this.#compiled = compiled;
      this.#isAt(this.#ruleset, version);
      // The commit, the time boundaries and the caller's work each have a turn of their own.
      await slices.next();
      this.#compiled.intervalAt(0);
      await slices.next();
    }
  }

  #isAt({ envelope }: Ruleset, version = this.#ruleset.version): void {
    this.#defaults = defaultContexts(envelope);
    this.#version = version;
  }
}

function defaultContexts(envelope: Uint8Array): Contexts {
  try {
    return contextsOf(decodeConfigs(envelope).defaultContext);
  } catch {
    return NO_CONTEXTS;
  }
}
