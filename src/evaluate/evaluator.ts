/**
 * Evaluates a ruleset for contexts: the published semantics of the public SDKs, and where these disagree what docs/evaluation.md says.
 * Pure, and total: whatever the ruleset holds, nothing here throws.
 */
import { decodeConfigs } from '../ruleset/decode.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { EvaluationOptions } from './evaluation-options.js';
import { CompiledRuleset } from './compiled-ruleset.js';
import { MISSING } from './compiled-config.js';
import { contextsOf, NO_CONTEXTS, type Contexts } from './contexts.js';
import type { Evaluation, LoggerLevel } from './result.js';
import { EvaluationPass } from './evaluation-pass.js';

export type { EvaluationOptions } from './evaluation-options.js';

/** The key under which the levels of all loggers are, and the beginning of the keys of single ones. */
const LOG_LEVEL = 'log-level';

/** The level of a logger that no config speaks of. */
const DEFAULT_LEVEL: LoggerLevel = 'WARN';

/**
 * Follows a ruleset: each call sees its present version, and compiles only what has changed since the call before. The first call
 * compiles all of it.
 */
export class Evaluator {
  readonly #ruleset: Ruleset;
  #compilation: CompiledRuleset;
  /** What is compiled. Below every version, so that the first call compiles. */
  #version = -1n;
  #defaults: Contexts = NO_CONTEXTS;

  constructor(ruleset: Ruleset) {
    this.#ruleset = ruleset;
    this.#compilation = new CompiledRuleset(ruleset.environment);
  }

  get environment(): bigint {
    return this.#ruleset.environment;
  }

  /** Of the ruleset that the next evaluation sees. */
  get version(): bigint {
    return this.#ruleset.version;
  }

  evaluate(key: string, contexts: Contexts, options: EvaluationOptions): Evaluation {
    const compilation = this.#refresh();
    return compilation.get(key)?.evaluate(this.#run(contexts, options)) ?? MISSING;
  }

  /**
   * One evaluation for each config that clients may see (`EvaluatedConfig.visible`), in order of keys; undecided ones included.
   */
  evaluateVisible(contexts: Contexts, options: EvaluationOptions): Evaluation[] {
    const compilation = this.#refresh();
    const run = this.#run(contexts, options);
    return compilation.evaluateVisible(run);
  }

  /**
   * From which level on a logger logs: that of the config `log-level.<name>`, else of the name without its last dot part and so on, else
   * of `log-level`, else WARN. A config that gives no level is passed over.
   */
  logLevel(logger: string, contexts: Contexts, options: EvaluationOptions): LoggerLevel {
    const compilation = this.#refresh();
    const run = this.#run(contexts, options);
    let key = `${LOG_LEVEL}.${logger}`;
    for (;;) {
      const evaluation = compilation.get(key)?.evaluate(run);
      if (evaluation?.kind === 'resolved' && evaluation.value.kind === 'logLevel')
        return evaluation.value.value;
      if (key === LOG_LEVEL) return DEFAULT_LEVEL;
      key = key.slice(0, key.lastIndexOf('.'));
    }
  }

  /**
   * Names the interval of time that `now` (milliseconds since 1970) lies in: at one version, also at one client version, what clients may
   * see evaluates equally for equal contexts within one interval. Rules can compare `prefab.current-time` with constants; each that
   * passes begins a new interval. Rules that use the time in another way make each millisecond an interval of its own. A part of
   * ETags.
   */
  intervalAt(now: number): string {
    return this.#refresh().intervalAt(now);
  }

  #run(contexts: Contexts, options: EvaluationOptions): EvaluationPass {
    return new EvaluationPass(contexts, options, this.#defaults, this.#compilation.predicates);
  }

  #refresh(): CompiledRuleset {
    const { version, envelope } = this.#ruleset;
    if (version === this.#version) return this.#compilation;
    const isNew = this.#compilation.isRecompilationDue;
    if (isNew) this.#compilation = new CompiledRuleset(this.environment);
    this.#compilation.apply(this.#ruleset.delta(isNew ? 0n : this.#version));
    this.#defaults = defaultContexts(envelope);
    this.#version = version;
    return this.#compilation;
  }
}

function defaultContexts(envelope: Uint8Array): Contexts {
  try {
    return contextsOf(decodeConfigs(envelope).defaultContext);
  } catch {
    return NO_CONTEXTS;
  }
}
