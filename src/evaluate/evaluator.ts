/**
 * Evaluates a ruleset for contexts: the published semantics of the public SDKs, and where these
 * disagree the choice that docs/evaluation.md records. Pure and total: nothing here throws, for any
 * ruleset.
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

/** The key of the level of all loggers, and the prefix of the keys of single ones. */
const LOG_LEVEL = 'log-level';

/** The level of a logger without a config. */
const DEFAULT_LEVEL: LoggerLevel = 'WARN';

/**
 * Follows a ruleset: each call sees its present version, and compiles only the configs that changed
 * since the call before. The first call compiles all of it.
 */
export class Evaluator {
  readonly #ruleset: Ruleset;
  #compiled: CompiledRuleset;
  /** The version that is compiled. Starts below every version, so that the first call compiles. */
  #version = -1n;
  #defaults: Contexts = NO_CONTEXTS;

  constructor(ruleset: Ruleset) {
    this.#ruleset = ruleset;
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

  /** Evaluates one config. */
  evaluate(key: string, contexts: Contexts, options: EvaluationOptions): Evaluation {
    const compiled = this.#refresh();
    return compiled.get(key)?.evaluate(this.#pass(contexts, options)) ?? MISSING;
  }

  /**
   * Evaluates every config that clients may see (`EvaluatedConfig.visible`), in order of keys;
   * unresolved ones included.
   */
  evaluateVisible(contexts: Contexts, options: EvaluationOptions): Evaluation[] {
    const compiled = this.#refresh();
    const pass = this.#pass(contexts, options);
    return compiled.evaluateVisible(pass);
  }

  /**
   * The level of a logger: that of the config `log-level.<name>`, else of the name without its last
   * dot part and so on, else of `log-level`, else WARN. A config that has no level is skipped.
   */
  logLevel(logger: string, contexts: Contexts, options: EvaluationOptions): LoggerLevel {
    const compiled = this.#refresh();
    const pass = this.#pass(contexts, options);
    let key = `${LOG_LEVEL}.${logger}`;
    for (;;) {
      const evaluation = compiled.get(key)?.evaluate(pass);
      if (evaluation?.kind === 'resolved' && evaluation.value.kind === 'logLevel')
        return evaluation.value.value;
      if (key === LOG_LEVEL) return DEFAULT_LEVEL;
      key = key.slice(0, key.lastIndexOf('.'));
    }
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

  #pass(contexts: Contexts, options: EvaluationOptions): EvaluationPass {
    return new EvaluationPass(contexts, options, this.#defaults, this.#compiled.predicates);
  }

  #refresh(): CompiledRuleset {
    const { version, envelope } = this.#ruleset;
    if (version === this.#version) return this.#compiled;
    const isNew = this.#compiled.isRecompilationDue;
    if (isNew) this.#compiled = new CompiledRuleset(this.environment);
    this.#compiled.apply(this.#ruleset.delta(isNew ? 0n : this.#version));
    this.#defaults = defaultContexts(envelope);
    this.#version = version;
    return this.#compiled;
  }
}

function defaultContexts(envelope: Uint8Array): Contexts {
  try {
    return contextsOf(decodeConfigs(envelope).defaultContext);
  } catch {
    return NO_CONTEXTS;
  }
}
