/** Configs and settings in the JSON of the log. */
import { splitConfigs, type EncodedConfig } from '../../ruleset/codec.js';
import type { HistorySettings } from '../history.js';
import type { Environment } from '../store.js';

/** The settings of an environment in their JSON form. */
export interface SettingsRecord {
  readonly projectId: string;
  readonly name: string;
  readonly defaultContext?: string;
}

/**
 * Reads configs, each into memory of its own, so that one that stays does not keep alive all that
 * it was committed with.
 */
export function configsFromBase64(base64: string): EncodedConfig[] {
  return splitConfigs(Buffer.from(base64, 'base64')).map((config) => ({
    ...config,
    bytes: new Uint8Array(config.bytes),
  }));
}

/** Writes configs as the base64 of their concatenation. */
export function configsToBase64(configs: readonly EncodedConfig[]): string {
  return Buffer.concat(configs.map((config) => config.bytes)).toString('base64');
}

/** Reads the settings of an environment. */
export function decodeSettings(id: bigint, record: SettingsRecord): Environment {
  const { projectId, name, defaultContext } = record;
  return {
    id,
    projectId: BigInt(projectId),
    name,
    ...(defaultContext === undefined ? {} : { defaultContext: Buffer.from(defaultContext, 'base64') }),
  };
}

/** Writes the settings of an environment. */
export function encodeSettings(settings: HistorySettings): SettingsRecord {
  const { projectId, name, defaultContext } = settings;
  return {
    projectId: `${projectId}`,
    name,
    ...(defaultContext === undefined
      ? {}
      : { defaultContext: Buffer.from(defaultContext).toString('base64') }),
  };
}
