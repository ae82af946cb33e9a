/** Conversion of what Redis holds of environments, apart from their configs. Pure. */
import { messageOf } from '../../core/errors.js';
import { decodeContextSet } from '../../ruleset/codec.js';
import type { DamagedEnvironment, DeletedEnvironment, StoredEnvironment } from '../store.js';
import { fieldOf, idOf, integerOf, integers, replyList, replyText, type Reply } from './codec.js';
import { undamaged } from './damage.js';
import { names } from './names.js';

/** Reads an environment. @throws HoldfastError `store_damaged` */
export function storedEnvironment(id: bigint, hash: ReadonlyMap<string, Buffer>): StoredEnvironment {
  return undamaged(environmentName(id), () => {
    const context = hash.get('context');
    if (context !== undefined) decodeContextSet(context);
    const version = idOf(hash, 'version');
    return {
      id,
      projectId: integerOf(hash, 'project'),
      name: fieldOf(hash, 'name').toString('utf8'),
      ...(context === undefined ? {} : { defaultContext: context }),
      version,
      clientVersion: clientVersionAt(version, hash),
      at: idOf(hash, 'at'),
      live: Number(idOf(hash, 'live')),
    };
  });
}

/** Reads the version of an environment. @throws HoldfastError `store_damaged` */
export function storedVersion(environment: bigint, reply: Reply): bigint {
  return undamaged(environmentName(environment), () =>
    idOf(new Map([['version', textOf(reply)]]), 'version'),
  );
}

/** Reads the ids of all environments, ascending. */
export function storedIds(reply: Reply): { ids: bigint[]; damaged: DamagedEnvironment[] } {
  const ids: bigint[] = [];
  const damaged: DamagedEnvironment[] = [];
  for (const member of replyList(reply)) {
    try {
      ids.push(memberId(member));
    } catch (error) {
      damaged.push({ id: undefined, name: replyText(member).slice(0, 200), problem: messageOf(error) });
    }
  }
  return { ids: ids.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)), damaged };
}

function memberId(member: Reply): bigint {
  return undamaged(
    `the id of an environment (a member of the set ${names.environments})`,
    () => canonicalId(textOf(member)),
    'Remove that member with SREM.',
  );
}

/** Reads the holder of a name of an environment. @throws HoldfastError `store_damaged` */
export function storedHolder(reply: Reply | undefined): bigint {
  return undamaged(
    `the environment of a name (a field of the hash ${names.environmentNames})`,
    () => canonicalId(textOf(reply ?? null)),
    'Remove that field with HDEL.',
  );
}

/** An id in the only form in which it is written: each other one would name another hash. */
function canonicalId(text: Buffer): bigint {
  const id = idOf(new Map([['id', text]]), 'id');
  if (`${id}` !== text.toString()) throw new Error('it has another form');
  return id;
}

/** Reads one environment for a list: none when it was deleted, and a damaged one as such. */
export function listedEnvironment(
  id: bigint,
  hash: ReadonlyMap<string, Buffer>,
): (StoredEnvironment | DamagedEnvironment)[] {
  try {
    return deletionOf(id, hash) === undefined ? [storedEnvironment(id, hash)] : [];
  } catch (error) {
    const name = hash.get('name')?.toString('utf8').slice(0, 200) ?? '';
    return [{ id, name, problem: messageOf(error) }];
  }
}

/** True for an environment that cannot be read. */
export function isDamaged(
  environment: StoredEnvironment | DamagedEnvironment,
): environment is DamagedEnvironment {
  return 'problem' in environment;
}

function environmentName(id: bigint): string {
  return `environment ${id} (the hash ${names.environment(id)})`;
}

function textOf(reply: Reply): Buffer {
  return Buffer.isBuffer(reply) ? reply : Buffer.alloc(0);
}

/**
 * Reads the deletion of an environment; `undefined` when it exists. The mark is kept together with
 * the version that it was written with: a commit that creates the environment again moves on.
 */
export function deletionOf(id: bigint, hash: ReadonlyMap<string, Buffer>): DeletedEnvironment | undefined {
  const deleted = hash.get('deleted')?.toString();
  if (deleted === undefined || deleted !== hash.get('version')?.toString()) return undefined;
  return undamaged(environmentName(id), () => ({
    id,
    version: idOf(hash, 'version'),
    at: idOf(hash, 'at'),
  }));
}

/**
 * The client version of an environment. It is kept together with the version that it was written
 * with: while nodes are replaced, one that does not know of it moves the version alone, and then it
 * says nothing any more.
 */
function clientVersionAt(version: bigint, hash: ReadonlyMap<string, Buffer>): bigint {
  const [writtenWith, clientVersion] = integers(hash, 'clients') ?? [version, version];
  return writtenWith === version ? clientVersion : version;
}
