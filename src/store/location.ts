/** Where a store is: the text of HOLDFAST_STORE, read once. Pure; knows no store. */
import { HoldfastError } from '../core/errors.js';

export interface FileLocation {
  readonly kind: 'file';
  /** As written: relative to the working directory, or absolute. */
  readonly directory: string;
}

export interface RedisLocation {
  readonly kind: 'redis';
  /** How the node to write to is found: it is the one named; Sentinels are asked; the nodes of a Cluster are asked. */
  readonly mode: 'single' | 'sentinel' | 'cluster';
  /** One server; or some of the Sentinels; or some of the Cluster's nodes. */
  readonly nodes: readonly HostPort[];
  /** What the Sentinels call the master. */
  readonly masterName?: string;
  readonly db: number;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  /** How many replicas must have a write before it counts as made; 0: none. */
  readonly wait: number;
}

export type StoreLocation = FileLocation | RedisLocation;

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const FORMS = [
  'file:<directory>',
  'redis://[user:password@]host[:port][/db]',
  'redis+sentinel://[user:password@]host:port,host:port/<master name>[/db]',
  'redis+cluster://[user:password@]host:port,host:port',
].join(', ');

const REDIS =
  /^redis(?<tls>s?)(?:\+(?<mode>sentinel|cluster))?:\/\/(?:(?<login>[^@/?]*)@)?(?<nodes>[^@/?]+)(?:\/(?<path>[^?]*))?(?:\?(?<query>.*))?$/;

/**
 * Reads a store location. The redis forms also exist as rediss (TLS), and take `?wait=N`: the number of replicas that must
 * have a write before it counts as made. User and password are percent-encoded.
 *
 * @throws HoldfastError `field_invalid`, field HOLDFAST_STORE. The text itself is not repeated: it may hold a password.
 */
export function parseStoreLocation(text: string): StoreLocation {
  return text.startsWith('file:') ? parseFile(text.slice('file:'.length)) : parseRedis(text);
}

/** The kind and place, without credentials: what logs and health call the store. */
export function storeName(location: StoreLocation): string {
  if (location.kind === 'file') return `file ${location.directory}`;
  const nodes = location.nodes.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  const kind = location.mode === 'single' ? 'redis' : `redis ${location.mode}`;
  const master = location.masterName === undefined ? '' : `/${location.masterName}`;
  return `${kind} ${nodes.join(',')}${master}${location.db === 0 ? '' : `/${location.db}`}`;
}

function parseFile(rest: string): FileLocation {
  // file:///var/lib/x is the URL form of /var/lib/x; file://data would name a host.
  const directory = rest.startsWith('///') ? rest.slice(2) : rest;
  if (directory === '' || directory.startsWith('//')) throw invalid('names no directory');
  return { kind: 'file', directory };
}

function parseRedis(text: string): RedisLocation {
  const groups = REDIS.exec(text)?.groups;
  if (groups === undefined) throw invalid('has none of the forms it may have');
  const mode = (groups.mode ?? 'single') as RedisLocation['mode'];
  const nodes = (groups.nodes ?? '')
    .split(',')
    .map((node) => parseNode(node, mode === 'sentinel' ? 26379 : 6379));
  if (mode === 'single' && nodes.length > 1) {
    throw invalid('names several servers; that needs redis+sentinel:// or redis+cluster://');
  }
  return {
    kind: 'redis',
    mode,
    nodes,
    tls: groups.tls === 's',
    ...parseLogin(groups.login),
    ...parsePath(mode, groups.path ?? ''),
    wait: parseWait(groups.query),
  };
}

function parseNode(text: string, defaultPort: number): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:\s]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535)
    throw invalid('has a server that is not host:port, the port from 1 to 65535');
  return { host, port };
}

function parseLogin(text: string | undefined): { username?: string; password?: string } {
  if (text === undefined) return {};
  const colon = text.indexOf(':');
  if (colon < 0)
    throw invalid('has a login without a colon; write user:password@, or :password@ without a user');
  try {
    const username = decodeURIComponent(text.slice(0, colon));
    const password = decodeURIComponent(text.slice(colon + 1));
    return username === '' ? { password } : { username, password };
  } catch {
    throw invalid('has a login that is not percent-encoded; a % is written %25');
  }
}

function parsePath(mode: RedisLocation['mode'], path: string): { masterName?: string; db: number } {
  if (mode === 'cluster') {
    if (path !== '') throw invalid('has a path, and Redis Cluster has only database 0');
    return { db: 0 };
  }
  const parts = path.split('/');
  const masterName = mode === 'sentinel' ? parts.shift() : undefined;
  if (masterName === '') throw invalid('does not say what the Sentinels call the master');
  const [db = '', ...rest] = parts;
  if (rest.length > 0 || !/^\d{0,5}$/.test(db))
    throw invalid('has a path that is not the number of a database');
  return masterName === undefined ? { db: Number(db) } : { masterName, db: Number(db) };
}

function parseWait(query: string | undefined): number {
  if (query === undefined) return 0;
  const wait = /^wait=(\d{1,2})$/.exec(query)?.[1];
  if (wait === undefined) throw invalid('may have the query wait=N, a number of replicas, and no other');
  return Number(wait);
}

function invalid(problem: string): HoldfastError {
  return new HoldfastError('field_invalid', `HOLDFAST_STORE ${problem}. It is one of: ${FORMS}.`, {
    field: 'HOLDFAST_STORE',
  });
}
