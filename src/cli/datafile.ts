/**
 * Datafiles: rulesets as files of proto3-JSON, and how one is cut into changes. Pure.
 *
 * A change is limited in size and a ruleset is not. A change must also make sense by itself: a
 * segment has to be there before, or together with, the configs that use it. So configs are put in
 * an order in which segments come first, and any cut is right.
 */
import { HoldfastError, messageOf } from '../core/errors.js';
import { readConfigsJson } from '../ruleset/json.js';
import type { Config, ConfigRow, Configs } from '../ruleset/model.js';
import { validateConfig } from '../ruleset/validate.js';
import { earlySegments, EMPTY_TARGET, type ImportTarget } from './early-segments.js';
import { segmentsFirst } from './segment-order.js';

/** The server takes changes up to 1 MiB; a little less, so that an exact count is not needed. */
export const CHANGE_BYTES = 1_000_000;

/** The options of an import. */
export interface ImportOptions {
  /** The environment to import into, decimal. */
  readonly environment: string;
  /**
   * Keep the file's ids instead of having new ones assigned; they must be above the environment's
   * version.
   */
  readonly keepIds: boolean;
  /** Accept a file of another environment, and make its rows rows of this one. */
  readonly remap: boolean;
  /** The largest body of a change, bytes. */
  readonly changeBytes: number;
  /** The environment as it is, for kept ids; default: without any config. */
  readonly target?: ImportTarget;
}

/** The changes that an import commits, and its summary. */
export interface ImportPlan {
  /** In the order in which they must be committed. */
  readonly changes: readonly PlannedChange[];
  /**
   * Keys of deletions in the file, which are left out: with new ids they would say that something
   * was deleted now.
   */
  readonly skipped: readonly string[];
  /** True when the file has a default context, which an import does not touch. */
  readonly hasDefaultContext: boolean;
}

/** One change of an import. */
export interface PlannedChange {
  /** `{"configs": […]}` as JSON text. */
  readonly body: string;
  readonly configs: number;
}

/**
 * Reads a datafile.
 *
 * @param name of the file, for errors
 * @throws HoldfastError `body_invalid`, `field_invalid` for anything that the server would not read
 *   either
 */
export function readDatafile(name: string, text: string): Configs {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new HoldfastError('body_invalid', `${name} is not JSON: ${messageOf(error)}.`, { cause: error });
  }
  return readConfigsJson(json);
}

/**
 * Cuts a datafile into changes. Each config is validated as the server will, because a file that is
 * cut is not committed as a whole: what is wrong with it should be known before its first part is.
 *
 * @throws HoldfastError with the code of the rule that a config breaks; `key_duplicate`;
 *   `row_environment` for a file of another environment without `remap`; `segment_missing` when
 *   with `keepIds` a segment cannot come before its user; `change_too_large` when a single config
 *   fits into no change
 */
export function planImport(file: Configs, options: ImportOptions): ImportPlan {
  const all = remapped(file, options);
  check(all, options.environment);
  const deletions = all.filter(({ configType }) => configType === 'DELETED');
  const ordered = options.keepIds
    ? [...all].sort(ascending)
    : segmentsFirst(all.filter((config) => !deletions.includes(config)).map(withoutId));
  const chunks = cutConfigs(ordered, options.changeBytes);
  const early = options.keepIds ? earlySegments(chunks, options.target ?? EMPTY_TARGET) : [];
  return {
    changes: [
      // Not counted: they come again in their places.
      ...cutConfigs(early, options.changeBytes).map((configs) => ({ body: bodyOf(configs), configs: 0 })),
      ...chunks.map((configs) => ({ body: bodyOf(configs), configs: configs.length })),
    ],
    skipped: options.keepIds ? [] : deletions.map(({ key = '' }) => key),
    hasDefaultContext: file.defaultContext !== undefined,
  };
}

function check(configs: readonly Config[], environment: string): void {
  const seen = new Set<string>();
  for (const [i, config] of configs.entries()) {
    const field = `configs[${i}]`;
    const { key = '', projectId = '0' } = config;
    // Which project the environment belongs to is known to the server.
    validateConfig(config, { environment: BigInt(environment), projectId: BigInt(projectId), field });
    if (seen.has(key)) {
      const twice = `${field}.key: ${JSON.stringify(key)} is in the file twice; keep one of them.`;
      throw new HoldfastError('key_duplicate', twice, { field: `${field}.key` });
    }
    seen.add(key);
  }
}

function remapped(file: Configs, { environment, remap }: ImportOptions): Config[] {
  const configs = file.configs ?? [];
  const source = file.configServicePointer?.projectEnvId;
  if (source === environment) return configs;
  if (!remap) {
    if (source === undefined) return configs;
    throw new HoldfastError(
      'row_environment',
      `The file is of environment ${source} and the target is ${environment}. Give --environment ${source}, or --remap to make its rows rows of environment ${environment}.`,
      { field: 'configServicePointer.projectEnvId' },
    );
  }
  if (source === undefined) {
    throw new HoldfastError(
      'field_invalid',
      '--remap needs configServicePointer.projectEnvId in the file: it says which rows to remap.',
      { field: 'configServicePointer.projectEnvId' },
    );
  }
  const moved = (row: ConfigRow) =>
    row.projectEnvId === source ? { ...row, projectEnvId: environment } : row;
  return configs.map((config) => {
    const { rows } = config;
    const copy = rows === undefined ? { ...config } : { ...config, rows: rows.map(moved) };
    // The server knows which project the environment belongs to.
    delete copy.projectId;
    return copy;
  });
}

function withoutId(config: Config): Config {
  const copy = { ...config };
  delete copy.id;
  return copy;
}

function ascending(a: Config, b: Config): number {
  const difference = BigInt(a.id ?? 0) - BigInt(b.id ?? 0);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function bodyOf(configs: readonly Config[]): string {
  return JSON.stringify({ configs });
}

const FRAME_BYTES = bodyOf([]).length;

/** Cuts configs into changes of at most that many bytes, in their order. */
export function cutConfigs(configs: readonly Config[], limit: number): Config[][] {
  const chunks: Config[][] = [];
  let chunk: Config[] = [];
  let bytes = FRAME_BYTES;
  for (const config of configs) {
    // One more for the comma.
    const size = Buffer.byteLength(JSON.stringify(config)) + 1;
    if (FRAME_BYTES + size > limit) {
      throw new HoldfastError(
        'change_too_large',
        `The config ${JSON.stringify(config.key)} has ${size} bytes as JSON, and a change has at most ${limit}.`,
      );
    }
    if (bytes + size > limit) {
      chunks.push(chunk);
      chunk = [];
      bytes = FRAME_BYTES;
    }
    chunk.push(config);
    bytes += size;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}
