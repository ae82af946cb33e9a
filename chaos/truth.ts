/**
 * The truth at rest: the rulesets in the store, and every commit that its feed has. Read by the
 * harness itself, past the nodes.
 */
import { decodeConfig, type EncodedConfig } from '../src/ruleset/codec.js';
import type { FeedEntry, Store } from '../src/store/store.js';
import { names } from '../src/store/redis/names.js';
import { ask } from '../test/support/redis.js';
import { digestOf } from './clients/event.js';
import type { ReceivedConfig } from './clients/journal.js';

/** One commit as the feed has it. */
export interface Committed {
  readonly environment: bigint;
  readonly previous: bigint;
  readonly version: bigint;
  readonly configs: readonly (ReceivedConfig & { readonly text: string | undefined })[];
}

export interface TrueConfig extends ReceivedConfig {
  /** Its value, for every context; `undefined` when it is deleted. */
  readonly value: string | boolean | undefined;
}

export interface TrueRuleset {
  readonly version: bigint;
  /** Keyed by config key, tombstones included. */
  readonly configs: ReadonlyMap<string, TrueConfig>;
}

export interface Truth {
  readonly rulesets: ReadonlyMap<bigint, TrueRuleset>;
  /** In the order of the feed. */
  readonly history: readonly Committed[];
  /** True when the store ever had a config of that key and id, by its feed. */
  knows(environment: bigint, key: string, id: bigint): boolean;
  /** The digest of that config; `undefined` when the feed does not have it. */
  digest(environment: bigint, key: string, id: bigint): string | undefined;
  /** The tokens of inbox events that were rejected. */
  readonly rejected: ReadonlySet<string>;
  /** Inbox events that are not decided. */
  readonly waiting: number;
  readonly loss: Loss;
}

/**
 * True when the harness made the store lose writes. Then clients have seen ids that the feed has
 * not. The nodes write back what they have in memory; `strict`: so at rest no client may have
 * anything else than the store.
 */
export type Loss = 'none' | 'forgiven' | 'strict';

/** The harness's own view of the store: straight to Redis, past every link. */
export interface Eyes {
  readonly store: Store;
  readonly redis: { readonly port: number };
}

/** More than a run can have. */
const REJECTED_MAX = 10_000;

export async function readTruth(eyes: Eyes, environments: readonly bigint[], loss: Loss): Promise<Truth> {
  const { store } = eyes;
  const history = await readHistory(store);
  const rulesets = new Map<bigint, TrueRuleset>();
  for (const id of environments) {
    const stored = await store.read(id);
    if (stored === undefined) continue;
    const configs = new Map(stored.configs.map((config) => [config.key, trueConfig(config)]));
    rulesets.set(id, { version: stored.version, configs });
  }
  return makeTruth({ rulesets, history, loss, ...(await readInbox(eyes)) });
}

/** @param parts what was read */
export function makeTruth(
  parts: Pick<Truth, 'rulesets' | 'history' | 'loss' | 'rejected' | 'waiting'>,
): Truth {
  const { history } = parts;
  const digests = new Map<string, string>();
  for (const { environment, configs } of history) {
    for (const { key, id, digest } of configs) digests.set(`${environment} ${id} ${key}`, digest);
  }
  return {
    ...parts,
    knows: (environment, key, id) => digests.has(`${environment} ${id} ${key}`),
    digest: (environment, key, id) => digests.get(`${environment} ${id} ${key}`),
  };
}

async function readInbox({ store, redis }: Eyes): Promise<Pick<Truth, 'rejected' | 'waiting'>> {
  if (store.inbox === undefined) throw new Error('the store has no inbox');
  // Everything in the stream is undecided: what is decided is removed in the same step.
  const answer = await ask(redis.port, `XLEN ${names.inbox}`);
  const waiting = Number(/^:(\d+)/.exec(answer)?.[1]);
  const { events } = await store.inbox.rejected(REJECTED_MAX);
  const rejected = events.flatMap(({ fields }) =>
    fields.filter(({ name }) => name.toString() === 'event').map(({ value }) => value.toString()),
  );
  return { rejected: new Set(rejected), waiting };
}

async function readHistory(store: Store): Promise<Committed[]> {
  const history: Committed[] = [];
  const done = new AbortController();
  const timer = setTimeout(() => done.abort(new Error('the feed does not come to an end')), 20_000);
  for await (const signal of store.follow('0-0', done.signal)) {
    if (signal.kind === 'entries') history.push(...signal.entries.flatMap(committed));
    if (signal.kind === 'gap') throw new Error('the feed does not reach back to its beginning');
    if (signal.kind === 'idle') break;
  }
  clearTimeout(timer);
  done.signal.throwIfAborted();
  return history;
}

function committed(entry: FeedEntry): Committed[] {
  if (entry.kind !== 'change') return [];
  const { environment, previous, version, configs } = entry.change;
  return [
    {
      environment,
      previous,
      version,
      configs: configs.map((config) => {
        const value = valueOf(config);
        return { ...received(config), text: typeof value === 'string' ? value : undefined };
      }),
    },
  ];
}

function trueConfig(config: EncodedConfig): TrueConfig {
  return { ...received(config), value: valueOf(config) };
}

function received({ key, id, deleted, bytes }: EncodedConfig): ReceivedConfig {
  return { key, id, deleted, digest: digestOf(bytes) };
}

/** Every config of the harness is the same for everyone: one row, one value. */
function valueOf(config: EncodedConfig): string | boolean | undefined {
  const value = decodeConfig(config).rows?.[0]?.values?.[0]?.value;
  return value?.string ?? value?.bool;
}
