/**
 * The truth at rest: the rulesets in the store, and every commit that its feed has. Read by the
 * harness itself, past the nodes.
 */
import { decodeConfig, decodeConfigs, decodeContextSet, type EncodedConfig } from '../src/ruleset/codec.js';
import type { Config } from '../src/ruleset/model.js';
import type { RejectedEvent } from '../src/store/inbox.js';
import type { FeedEntry, Store } from '../src/store/store.js';
import { names } from '../src/store/redis/names.js';
import { ask } from '../test/support/redis.js';
import { digestOf } from './clients/event.js';
import type { LossSpan, ReceivedConfig } from './clients/journal.js';
import { contentOf, segmentsUsedBy } from './content.js';
import { contextToken } from './writers/settings.js';

/** One commit as the feed has it. */
export interface Committed {
  readonly environment: bigint;
  readonly previous: bigint;
  readonly version: bigint;
  /** When it was made, by performance.now(). */
  readonly at: number;
  readonly configs: readonly CommittedConfig[];
  /** The token of the default context after it. */
  readonly context: string | undefined;
}

export interface CommittedConfig extends ReceivedConfig {
  readonly text: string | undefined;
  /** What its writer meant: see content.ts. */
  readonly content: string;
  /** The segments that it refers to. */
  readonly uses: readonly string[];
  /** True when all of its values are boolean, as a segment's must be. */
  readonly isBoolean: boolean;
}

export interface TrueConfig extends ReceivedConfig {
  /** Its value, for every context; `undefined` when it is deleted. */
  readonly value: string | boolean | undefined;
  /** What its writer meant: see content.ts. */
  readonly content: string;
}

export interface TrueRuleset {
  readonly version: bigint;
  /** The token of the default context. */
  readonly context: string | undefined;
  /** Keyed by config key, tombstones included. */
  readonly configs: ReadonlyMap<string, TrueConfig>;
}

export interface Truth {
  readonly rulesets: ReadonlyMap<bigint, TrueRuleset>;
  /** In the order of the feed. */
  readonly history: readonly Committed[];
  /** True when the store ever had a config of that key and id, by its feed. */
  knows(environment: bigint, key: string, id: bigint): boolean;
  /**
   * When that config was committed, by performance.now(): again, if it was lost. `undefined` when
   * the feed does not have it.
   */
  committedAt(environment: bigint, key: string, id: bigint): number | undefined;
  /** The digest of that config; `undefined` when the feed does not have it. */
  digest(environment: bigint, key: string, id: bigint): string | undefined;
  /** The tokens of inbox events that were rejected. */
  readonly rejected: ReadonlySet<string>;
  /** `<environment> <key>` of each config that was lost and given up, and is listed as rejected. */
  readonly givenUp: ReadonlySet<string>;
  /** Inbox events that are not decided. */
  readonly waiting: number;
  readonly loss: Loss;
  /**
   * Since when an environment may lack what clients had, by performance.now(); Infinity: nothing of it
   * was lost. What came before is judged as if nothing was ever lost.
   */
  lostSince(environment: bigint): number;
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

export async function readTruth(
  eyes: Eyes,
  environments: readonly bigint[],
  loss: Loss,
  losses: readonly LossSpan[],
): Promise<Truth> {
  const { store } = eyes;
  const history = await readHistory(store);
  const rulesets = new Map<bigint, TrueRuleset>();
  for (const id of environments) {
    const stored = await store.read(id);
    if (stored === undefined) continue;
    const configs = new Map(stored.configs.map((config) => [config.key, trueConfig(config)]));
    const context =
      stored.defaultContext === undefined ? undefined : contextToken(decodeContextSet(stored.defaultContext));
    rulesets.set(id, { version: stored.version, context, configs });
  }
  return makeTruth({ rulesets, history, loss, losses, ...(await readInbox(eyes)) });
}

/**
 * @param parts what was read, and what the store was made to lose; without `losses` everything may
 *   be lost unless `loss` is `none`
 */
export function makeTruth(
  parts: Pick<Truth, 'rulesets' | 'history' | 'loss' | 'rejected' | 'givenUp' | 'waiting'> & {
    readonly losses?: readonly LossSpan[];
  },
): Truth {
  const { history, loss, losses } = parts;
  const lostSince = (environment: bigint): number => {
    if (loss === 'none') return Infinity;
    if (losses === undefined) return -Infinity;
    const met = losses.filter((span) => (span.environment ?? environment) === environment);
    return Math.min(Infinity, ...met.map(({ from }) => from));
  };
  const digests = new Map<string, string>();
  const times = new Map<string, number>();
  for (const { environment, at, configs } of history) {
    for (const { key, id, digest } of configs) {
      digests.set(`${environment} ${id} ${key}`, digest);
      times.set(`${environment} ${id} ${key}`, at);
    }
  }
  return {
    ...parts,
    lostSince,
    knows: (environment, key, id) => digests.has(`${environment} ${id} ${key}`),
    committedAt: (environment, key, id) => times.get(`${environment} ${id} ${key}`),
    digest: (environment, key, id) => digests.get(`${environment} ${id} ${key}`),
  };
}

async function readInbox({ store, redis }: Eyes): Promise<Pick<Truth, 'rejected' | 'givenUp' | 'waiting'>> {
  if (store.inbox === undefined) throw new Error('the store has no inbox');
  // Everything in the stream is undecided: what is decided is removed in the same step.
  let waiting: number | undefined;
  while (waiting === undefined) {
    const [, count] = /^:(\d+)/.exec(await ask(redis.port, `XLEN ${names.inbox}`)) ?? [];
    if (count !== undefined) waiting = Number(count);
  }
  const { events } = await store.inbox.rejected(REJECTED_MAX);
  const rejected = events.flatMap(({ fields }) =>
    fields.filter(({ name }) => name.toString() === 'event').map(({ value }) => value.toString()),
  );
  return { rejected: new Set(rejected), givenUp: new Set(events.flatMap(givenUpIn)), waiting };
}

/** True when a config with that text is listed as lost and given up. */
export async function isGivenUp({ inbox }: Store, text: string): Promise<boolean> {
  const { events } = (await inbox?.rejected(REJECTED_MAX)) ?? { events: [] };
  return events
    .filter((event) => givenUpIn(event).length > 0)
    .flatMap(({ fields }) => fields)
    .some(({ name, value }) => name.toString() === 'configs' && Buffer.from(value).includes(text));
}

/** What healing lists has no event of its own. */
function givenUpIn({ fields }: RejectedEvent): string[] {
  const valueOf = (name: string) => fields.find((field) => field.name.toString() === name)?.value;
  const [environment, configs] = [valueOf('environment'), valueOf('configs')];
  if (environment === undefined || configs === undefined || valueOf('event') !== undefined) return [];
  return keysIn(configs).map((key) => `${environment.toString()} ${key}`);
}

/** Long values are listed in part: then the key, which is at their beginning, is read by itself. */
function keysIn(configs: Uint8Array): string[] {
  try {
    return (decodeConfigs(configs).configs ?? []).map(({ key }) => key ?? '');
  } catch {
    const [key] = /[a-z]+\.[0-9a-z]+/.exec(Buffer.from(configs).toString('latin1')) ?? [];
    return key === undefined ? [] : [key];
  }
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
  const { environment, previous, version, at, configs, envelope } = entry.change;
  return [
    {
      environment,
      previous,
      version,
      at: Number(at) / 1000 - performance.timeOrigin,
      configs: configs.map(committedConfig),
      context: contextToken(decodeConfigs(envelope).defaultContext),
    },
  ];
}

function committedConfig(encoded: EncodedConfig): CommittedConfig {
  const config = decodeConfig(encoded);
  const value = valueOf(config);
  return {
    ...received(encoded),
    text: typeof value === 'string' ? value : undefined,
    content: contentOf(config),
    uses: segmentsUsedBy(config),
    isBoolean: config.valueType === 'BOOL',
  };
}

function trueConfig(encoded: EncodedConfig): TrueConfig {
  const config = decodeConfig(encoded);
  return { ...received(encoded), value: valueOf(config), content: contentOf(config) };
}

function received({ key, id, deleted, bytes }: EncodedConfig): ReceivedConfig {
  return { key, id, deleted, digest: digestOf(bytes) };
}

/** Every config of the harness is the same for everyone whom no criterion names: its last value. */
function valueOf(config: Config): string | boolean | undefined {
  const value = config.rows?.[0]?.values?.at(-1)?.value;
  return value?.string ?? value?.bool;
}
