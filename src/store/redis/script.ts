/** Lua scripts as commands. */
import type { RedisClient } from './client.js';
import type { Reply } from './codec.js';

/** An argument of a command. */
export type Argument = string | number | Buffer;

/** A Lua script with its keys and arguments. */
export interface Script {
  readonly lua: string;
  readonly keys: readonly string[];
  readonly args?: readonly Argument[];
}

/** Runs a script over a connection of its own, and answers with buffers. */
export async function evaluate(client: RedisClient, script: Script): Promise<Reply> {
  return (await client.callBuffer('EVAL', scriptArguments(script))) as Reply;
}

/**
 * EVAL with the text each time: one path for a single command, a pipeline and a Cluster, and Redis
 * compiles a text only once.
 */
export function scriptArguments(script: Script): Argument[] {
  return [script.lua, script.keys.length, ...script.keys, ...(script.args ?? [])];
}
