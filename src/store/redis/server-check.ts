/** Checks of a Redis when a store is opened: version, eviction, and the permissions of its user. */
import type { Logger } from 'pino';
import { HoldfastError } from '../../core/errors.js';
import { replyList, replyText } from './codec.js';
import type { Commands } from './commands.js';
import { names } from './names.js';
import { meaningOf } from './reply-error.js';
import { PERMISSIONS } from './scripts.js';

/**
 * Checks the server. Scripts need Redis 6.2 (exclusive ranges), and data needs a server that does
 * not evict it. A user without INFO is served unchecked. A user that may not run all commands of
 * the scripts is refused: Redis does not roll back, so a script that is stopped by an ACL half way
 * would leave half a commit.
 *
 * @throws HoldfastError `store_unavailable`
 */
export async function checkServer(commands: Commands, log: Logger): Promise<void> {
  const info = await readInfo(commands, log);
  const version = /^redis_version:(\d+)\.(\d+)\S*/m.exec(info);
  const [full = '', major, minor] = version ?? [];
  if (version !== null && (Number(major) < 6 || (Number(major) === 6 && Number(minor) < 2))) {
    throw new HoldfastError(
      'store_unavailable',
      `The store (${commands.name}) is ${full.replace('redis_version:', 'Redis ')}; Holdfast needs Redis 6.2 or newer, or Valkey.`,
    );
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy?.startsWith('allkeys') === true) {
    log.warn(
      { store: commands.name, policy },
      'the store may evict rulesets when its memory is full: set maxmemory-policy to noeviction',
    );
  }
  await checkPermissions(commands);
}

async function readInfo(commands: Commands, log: Logger): Promise<string> {
  try {
    return replyText(await commands.command('INFO'));
  } catch (error) {
    const cause = error instanceof HoldfastError ? error.cause : undefined;
    const meaning = meaningOf(cause);
    if (meaning?.kind !== 'refused' || meaning.code !== 'NOPERM') throw error;
    log.warn(
      { store: commands.name, error: meaning.text },
      'the store does not say its version: its user may not run INFO; version and eviction are not checked',
    );
    return '';
  }
}

async function checkPermissions(commands: Commands): Promise<void> {
  const keys = (['hash', 'set', 'string', 'stream'] as const).map((type) => names.trial(type));
  const missing = replyList(await commands.read({ lua: PERMISSIONS, keys })).map(replyText);
  if (missing.length === 0) return;
  throw new HoldfastError(
    'store_unavailable',
    `The user of the store (${commands.name}) may not run ${missing.join(', ')} on keys that begin with {holdfast}:. Give it the permissions that docs/how-to/redis.md lists.`,
  );
}
