/** The proto3-JSON of single configs, each made once. */
import { decodeConfig, decodeConfigs, type EncodedConfig } from './decode.js';

/**
 * A text is kept for as long as its config. It costs about its length in memory, in environments
 * that are read as JSON.
 */
const known = new WeakMap<EncodedConfig, string>();

/**
 * Returns the JSON of a config. Made once per config, so that a request for all configs of a
 * version decodes only those that changed since the request before. Throws when the bytes are
 * damaged.
 */
export function configJson(config: EncodedConfig): string {
  const present = known.get(config);
  if (present !== undefined) return present;
  const text = JSON.stringify(decodeConfig(config));
  known.set(config, text);
  return text;
}

/** Returns the JSON members of a `Configs` that come from its envelope, without braces. */
export function envelopeJson(envelope: Uint8Array): string {
  const { configServicePointer, defaultContext } = decodeConfigs(envelope);
  return JSON.stringify({ configServicePointer, defaultContext }).slice(1, -1);
}
