/** A ruleset as the server answers it. */
import type { Config } from '../../../src/ruleset/model.js';

/** A config of an answer: key and id are always there. */
export interface KeyedConfig extends Config {
  key: string;
  id: string;
}

/** The configs of an environment at a version. */
export interface Ruleset {
  readonly configs: readonly KeyedConfig[];
  readonly version: string;
}
