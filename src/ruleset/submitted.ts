/**
 * Configs submitted for a commit, as JSON or protobuf, read strictly and normalised. validate.ts,
 * segments.ts and commit/plan.ts check their meaning.
 */
import { mapSteps, runSteps, type Steps } from '../core/steps.js';
import { decodeConfig, splitConfigs } from './decode.js';
import { configsJsonSteps } from './json.js';
import type { Config } from './model.js';
import { portableConfig } from './portable.js';
import { CONFIGS_SHAPE } from './shapes.js';
import { checkMessage } from './wire.js';

/** A submitted config: its id may be absent. */
export interface SubmittedConfig {
  readonly config: Config;
  /** The path in the request, for errors: `configs[3]`. */
  readonly field: string;
}

/**
 * Reads the configs of a change from parsed proto3-JSON of a `Configs`. Its other members (pointer,
 * default context) must be well formed and have no effect: they are what a snapshot or datafile
 * carries along, and belong to the environment.
 *
 * @throws HoldfastError `body_invalid`, `field_invalid`
 */
export function readSubmittedJson(value: unknown): SubmittedConfig[] {
  return runSteps(submittedJsonSteps(value));
}

/** Reads the configs of a change from parsed JSON in steps; see {@link readSubmittedJson}. */
export function* submittedJsonSteps(value: unknown): Steps<SubmittedConfig[]> {
  const { configs = [] } = yield* configsJsonSteps(value);
  return configs.map(submitted);
}

/**
 * Reads the configs of a change from an encoded `Configs`; of its other members the same is true as
 * in JSON.
 *
 * @throws HoldfastError `body_invalid`, `field_invalid`
 */
export function readSubmittedProtobuf(bytes: Uint8Array): SubmittedConfig[] {
  return runSteps(submittedProtobufSteps(bytes));
}

/**
 * Reads the configs of a change from an encoded `Configs` in steps; see {@link
 * readSubmittedProtobuf}.
 */
export function* submittedProtobufSteps(bytes: Uint8Array): Steps<SubmittedConfig[]> {
  checkMessage(CONFIGS_SHAPE, bytes, { subject: 'The body', unknownFields: 'refuse' });
  return yield* mapSteps(splitConfigs(bytes), (config, index) => submitted(decodeConfig(config), index));
}

function submitted(config: Config, index: number): SubmittedConfig {
  return { config: portableConfig(config), field: `configs[${index}]` };
}
