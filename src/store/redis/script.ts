/**
 * Lua scripts as commands. A server keeps the scripts that it has run, and runs one again by its digest alone. The
 * text of a commit is 11 KiB, which the client would copy, and the server read and digest, each time.
 *
 *     EVALSHA 3f1c…  ──▶  reply
 *     EVALSHA 3f1c…  ──▶  NOSCRIPT (it restarted, or is another server now)     EVAL "local …"  ──▶  reply
 *
 * A NOSCRIPT proves that nothing was done, so the script still runs at most once.
 */
import { createHash } from 'node:crypto';
import { messageOf } from '../../core/errors.js';
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

/** The commands that run a script: by its digest, and by its text. */
export type ScriptCommand = 'EVALSHA' | 'EVAL';

/** The digests of the texts that were run: a few dozen constants. */
const digests = new Map<string, string>();

/** Clients whose server does not let them run scripts by digest, while they are connected. */
const textOnly = new WeakSet<RedisClient>();

/**
 * Runs a script over a connection of its own, and answers with buffers.
 *
 * @param sending called before each command: there are two where the server needs the text
 */
export async function evaluate(
  client: RedisClient,
  script: Script,
  sending: () => void = () => undefined,
): Promise<Reply> {
  const command = scriptCommand(client);
  sending();
  try {
    return await run(client, command, script);
  } catch (error) {
    if (command === 'EVAL' || !isDigestRefused(error)) throw error;
    noteRefusedDigest(client, error);
    sending();
    return await run(client, 'EVAL', script);
  }
}

/** The command to try first. */
export function scriptCommand(client: RedisClient): ScriptCommand {
  return textOnly.has(client) ? 'EVAL' : 'EVALSHA';
}

/** True when an EVALSHA was refused, so that nothing was done, and EVAL is to be tried. */
export function isDigestRefused(error: unknown): boolean {
  return isScriptUnknown(error) || isCommandRefused(error);
}

/** Remembers, for as long as the connection lasts, that a server lets this user run no script by digest. */
export function noteRefusedDigest(client: RedisClient, error: unknown): void {
  if (!isCommandRefused(error) || textOnly.has(client)) return;
  textOnly.add(client);
  client.once('close', () => textOnly.delete(client));
}

function isScriptUnknown(error: unknown): boolean {
  return messageOf(error).startsWith('NOSCRIPT ');
}

/** True when the command itself is refused: by an ACL for an older release of Holdfast, or by a service without it. */
function isCommandRefused(error: unknown): boolean {
  return /^(?:NOPERM |ERR (?:unknown|unsupported) command ).*\bevalsha\b/i.test(messageOf(error));
}

/** The arguments of such a command. */
export function scriptArguments(command: ScriptCommand, { lua, keys, args = [] }: Script): Argument[] {
  return [command === 'EVAL' ? lua : digestOf(lua), keys.length, ...keys, ...args];
}

async function run(client: RedisClient, command: ScriptCommand, script: Script): Promise<Reply> {
  return (await client.callBuffer(command, scriptArguments(command, script))) as Reply;
}

function digestOf(lua: string): string {
  let digest = digests.get(lua);
  if (digest === undefined) digests.set(lua, (digest = createHash('sha1').update(lua).digest('hex')));
  return digest;
}
