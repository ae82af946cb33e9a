/** The content of an event, read without any leniency. [protocol] #stream */
import { createHash } from 'node:crypto';
import { decodeConfigs, splitConfigs } from '../../src/ruleset/codec.js';
import { contextToken } from '../writers/settings.js';
import type { ReceivedConfig } from './journal.js';

export interface Decoded {
  readonly id: bigint;
  readonly configs: readonly ReceivedConfig[];
  /** The token of the default context. */
  readonly context: string | undefined;
}

/** @throws Error that says what is wrong with the event */
export function decodeEvent(data: string, id: string, environment: bigint): Decoded {
  if (!/^[1-9][0-9]{0,18}$/.test(id)) throw new Error(`the id of an event is ${JSON.stringify(id)}`);
  const bytes = Buffer.from(data, 'base64');
  if (bytes.toString('base64') !== data) throw new Error(`event ${id} is not standard base64`);
  const { configServicePointer: pointer, defaultContext } = decodeConfigs(bytes);
  if (pointer?.projectEnvId !== `${environment}`) {
    throw new Error(`event ${id} is for environment ${pointer?.projectEnvId ?? 'none'}, not ${environment}`);
  }
  let before = 0n;
  const configs = splitConfigs(bytes).map((config) => {
    if (config.id <= before) throw new Error(`event ${id} has config ${config.id} after ${before}`);
    before = config.id;
    return { key: config.key, id: config.id, deleted: config.deleted, digest: digestOf(config.bytes) };
  });
  if (before > BigInt(id)) throw new Error(`event ${id} has config ${before}, which is above it`);
  return { id: BigInt(id), configs, context: contextToken(defaultContext) };
}

/** Short text that differs where the bytes differ. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('base64');
}
