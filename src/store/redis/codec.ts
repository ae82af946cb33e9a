/** Conversion between Redis replies and the types of the port, in both directions. Pure. */
import type { Steps } from '../../core/steps.js';
import { HoldfastError } from '../../core/errors.js';
import { splitConfigs, type EncodedConfig } from '../../ruleset/codec.js';
import { unpackAnswer } from '../answer.js';
import { ownedConfigSteps, type HistoryLimits } from '../history.js';
import { keyFromJson } from '../key-record.js';
import { byCreation } from '../rules.js';
import type { Commit, FeedEntry, Idempotency, Key } from '../store.js';
import { damage, undamaged } from './damage.js';
import { names } from './names.js';

/** The answer to a command, when buffers are asked for. */
export type Reply = Buffer | number | null | readonly Reply[];

const MAX_ID = 2n ** 63n - 1n;

/** One entry of the feed, and the position of the one before it. */
export interface LinkedEntry {
  readonly after: string;
  readonly entry: FeedEntry;
}

/** Reads a reply as text; empty when it is none. */
export function replyText(reply: Reply | undefined): string {
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : '';
}

/** Reads a reply as a list; empty when it is none. */
export function replyList(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? (reply as readonly Reply[]) : [];
}

/** Reads a reply that alternates between field and value. */
export function replyPairs(reply: Reply | undefined): Map<string, Buffer> {
  const items = replyList(reply);
  const map = new Map<string, Buffer>();
  for (let i = 0; i + 1 < items.length; i += 2) {
    const value = items[i + 1];
    if (Buffer.isBuffer(value)) map.set(replyText(items[i]), value);
  }
  return map;
}

/**
 * Makes the arguments of the COMMIT script, in its order.
 *
 * @param answer of the request, packed; `undefined` without an idempotency key
 */
export function commitArguments(
  commit: Commit,
  answer: string | undefined,
  options: {
    feedLength: number;
    wait: number;
    idempotencyTtl: number;
    idempotencyBytes: number;
    history: HistoryLimits;
  },
): (string | Buffer)[] {
  const { settings, change, idempotency, by } = commit;
  const { history } = options;
  const context = settings?.defaultContext;
  const args: (string | Buffer)[] = [
    `${commit.environment}`,
    [commit.expect ?? '', ...(commit.expectName === undefined ? [] : [commit.expectName])].join(' '),
    `${commit.live}`,
    `${options.feedLength}`,
    flag(options.wait > 0),
    idempotency === undefined ? '' : JSON.stringify([idempotency.digest, answer]),
    `${options.idempotencyTtl} ${options.idempotencyBytes}`,
    commit.event === undefined ? '' : [commit.event, ...(commit.passed ?? [])].join(' '),
    settings === undefined ? '' : commit.isNameUnique === true ? 'unique' : '1',
    `${settings?.projectId ?? ''}`,
    settings?.name ?? '',
    flag(context !== undefined),
    buffer(context ?? new Uint8Array()),
    flag(change !== undefined),
    `${history.changes}`,
    `${history.bytes}`,
    `${history.totalBytes}`,
    by.author,
    by.message ?? '',
    by.source,
    flag(change?.deletes === true),
  ];
  if (change !== undefined) {
    const { previous, version, clientPrevious, clientVersion } = change;
    args.push(`${previous}`, `${version}`, `${change.at}`);
    args.push(`${clientPrevious} ${clientVersion}`, `${version} ${clientVersion}`, buffer(change.envelope));
    args.push(change.trace ?? '');
    for (const config of change.configs) args.push(config.key, buffer(config.bytes));
  }
  return args;
}

/**
 * Reads the digest and answer of a remembered request.
 *
 * @param name the name of its record in Redis
 * @throws HoldfastError `store_damaged`
 */
export async function idempotencyRecord(
  name: string,
  json: string,
): Promise<Pick<Idempotency, 'digest' | 'answer'>> {
  const damaged = (cause: unknown): HoldfastError =>
    damage(`a remembered request (${name})`, cause, 'Remove that record; the request is then made again.');
  try {
    const record: unknown = JSON.parse(json);
    const [digest, answer] = Array.isArray(record) ? (record as unknown[]) : [];
    if (typeof digest !== 'string' || typeof answer !== 'string') throw damaged(undefined);
    return { digest, answer: await unpackAnswer(answer) };
  } catch (error) {
    throw error instanceof HoldfastError ? error : damaged(error);
  }
}

/** Reads an API key. @throws HoldfastError `store_damaged` */
export function storedKey(id: string, reply: Reply): Key {
  return undamaged(
    `an API key (the field ${id} of the hash ${names.keys})`,
    () => keyFromJson(replyText(reply)),
    'Remove that field with HDEL, and issue another key.',
  );
}

/** Reads API keys by their ids, ascending by creation. @throws HoldfastError `store_damaged` */
export function storedKeys(reply: Reply): Key[] {
  return [...replyPairs(reply)].map(([id, value]) => storedKey(id, value)).sort(byCreation);
}

/** Reads the configs of an environment. @throws HoldfastError `store_damaged` */
export function* storedConfigs(environment: bigint, reply: Reply | undefined): Steps<EncodedConfig[]> {
  const items = replyList(reply);
  const configs: EncodedConfig[] = [];
  for (let i = 0; i + 1 < items.length; i += 2) {
    const bytes = items[i + 1];
    if (!Buffer.isBuffer(bytes)) continue;
    configs.push(storedConfig(environment, replyText(items[i]), bytes));
    if (configs.length % 64 === 0) yield;
  }
  return configs;
}

function storedConfig(environment: bigint, key: string, bytes: Buffer): EncodedConfig {
  return undamaged(
    `config ${key} of environment ${environment} (a field of the hash ${names.configs(environment)})`,
    () => {
      const [config, ...more] = splitConfigs(bytes);
      if (config?.key !== key || more.length > 0) throw new Error('it is not the config of that key');
      return config;
    },
  );
}

/** Reads an entry of the feed in steps. @throws when it is not one that the scripts append. */
export function* feedEntrySteps(reply: Reply): Steps<LinkedEntry> {
  const [id, values] = replyList(reply);
  const position = replyText(id);
  const fields = replyPairs(values);
  const after = fieldOf(fields, 'after').toString();
  const kind = fieldOf(fields, 'kind').toString();
  switch (kind) {
    case 'key':
      return { after, entry: { position, kind, key: keyFromJson(fieldOf(fields, 'key').toString('utf8')) } };
    case 'change': {
      const previous = integerOf(fields, 'previous');
      const version = integerOf(fields, 'version');
      // An entry of a node that did not write them: clients saw everything.
      const [clientPrevious, clientVersion] = integers(fields, 'clients') ?? [previous, version];
      const change = {
        environment: integerOf(fields, 'environment'),
        previous,
        version,
        clientPrevious,
        clientVersion,
        at: integerOf(fields, 'at'),
        envelope: fieldOf(fields, 'envelope'),
        configs: yield* ownedConfigSteps(fieldOf(fields, 'configs')),
        ...(fields.has('deleted') ? { deletes: true } : {}),
        ...(fields.has('trace') ? { trace: fieldOf(fields, 'trace').toString() } : {}),
      };
      return { after, entry: { position, kind, change } };
    }
    default:
      throw new Error(`a feed entry of unknown kind ${JSON.stringify(kind)}`);
  }
}

/** A field of two integers; `undefined` when it is absent. */
export function integers(fields: ReadonlyMap<string, Buffer>, name: string): [bigint, bigint] | undefined {
  const pair = fields.get(name)?.toString();
  if (pair === undefined) return undefined;
  const [, first, second] = /^(\d+) (\d+)$/.exec(pair) ?? [];
  if (first === undefined || second === undefined) throw new Error(`field ${name} is not two integers`);
  return [BigInt(first), BigInt(second)];
}

/** A field of a hash or stream entry. @throws when it is missing */
export function fieldOf(fields: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const value = fields.get(name);
  if (value === undefined) throw new Error(`field ${name} is missing`);
  return value;
}

/** A field that is an integer. @throws when it is none */
export function integerOf(fields: ReadonlyMap<string, Buffer>, name: string): bigint {
  const digits = fieldOf(fields, name).toString();
  if (!/^-?\d+$/.test(digits)) throw new Error(`field ${name} is not an integer`);
  return BigInt(digits);
}

/** A field that is an id or a count: 0 or above, and of 64 bits. @throws when it is none */
export function idOf(fields: ReadonlyMap<string, Buffer>, name: string): bigint {
  const value = integerOf(fields, name);
  if (value < 0n || value > MAX_ID) throw new Error(`field ${name} is out of range`);
  return value;
}

function flag(value: boolean): string {
  return value ? '1' : '';
}

/**
 * The same bytes as a Buffer, which is the only binary form that the client library passes on
 * unchanged.
 */
function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
