/**
 * Follows the feed in Redis: each entry in order, or the notice of a gap.
 *
 * Redis can lose writes: a restart from an older file, a failover to a replica that lagged, a wipe;
 * and we trim the feed ourselves. A stream alone would show none of that, it would merely go on. So
 * each entry names the one before it (`after`), and the id of the newest is kept under `head`. The
 * invariant: an entry is yielded only if it follows the position; and a follower is called current
 * only if its position *is* the head.
 *
 *     follower at 7-0          Redis: … 5-0 6-0 7-0      head 7-0   current
 *     Redis restarts           Redis: … 5-0              head 5-0   nothing after 7-0, head is not 7-0: gap, go on from 5-0
 *       or, a commit is faster Redis: … 5-0 9-0(after 5) head 9-0   9-0 does not follow 7-0:           gap, go on from 9-0
 */
import type { Logger } from 'pino';
import { HoldfastError } from '../../core/errors.js';
import { runSoon, type Steps } from '../../core/steps.js';
import type { FeedEntry, FeedSignal, FeedPosition } from '../store.js';
import { BLOCK_MS, overConnections, type ReaderOptions } from './blocking.js';
import type { RedisClient } from './client.js';
import { feedEntrySteps, replyList, replyText, type LinkedEntry, type Reply } from './codec.js';
import { evaluate } from './script.js';
import { names } from './names.js';
import { HEAD, WHERE } from './scripts.js';

/** Entries per read. An entry can have 1 MiB, and this many are in memory together. */
const COUNT = 100;

/** Options of {@link follow}. */
export interface FeedOptions extends ReaderOptions {
  readonly log: Logger;
}

/** Follows the feed after a position, until the signal aborts. Never throws. */
export async function* follow(
  from: FeedPosition,
  options: FeedOptions,
): AsyncGenerator<FeedSignal, void, void> {
  let position = from;
  for await (const step of overConnections(options, (client) => readFeed(client, position, options))) {
    if ('position' in step) position = step.position;
    yield 'position' in step ? step.signal : step;
  }
}

interface Step {
  readonly position: FeedPosition;
  readonly signal: FeedSignal;
}

/**
 * Reads over one connection, until it fails or the signal aborts. Locates the position first: Redis
 * may have been another before.
 */
async function* readFeed(
  client: RedisClient,
  from: FeedPosition,
  options: FeedOptions,
): AsyncGenerator<Step, void, void> {
  let position = from;
  let where = await locate(client, position);
  while (!options.signal.aborted) {
    if (where.kind === 'lost') {
      position = where.head;
      yield { position, signal: { kind: 'gap', position } };
    } else if (where.kind === 'current') {
      yield { position, signal: { kind: 'idle' } };
    }
    const replies = await read(client, position);
    const { entries, broken } = await runSoon(chainSteps(replies, position, options.log));
    const last = entries.at(-1);
    if (last !== undefined) {
      position = last.position;
      yield { position, signal: { kind: 'entries', entries } };
    }
    if (broken) where = { kind: 'lost', head: replyText(await evaluate(client, feedScript(HEAD))) };
    else where = replies.length > 0 ? { kind: 'behind' } : await locate(client, position);
  }
}

type Where = { kind: 'current' } | { kind: 'behind' } | { kind: 'lost'; head: FeedPosition };

async function locate(client: RedisClient, position: FeedPosition): Promise<Where> {
  // A position of another form, say of another store, is before nothing and after nothing.
  if (!/^\d{1,20}-\d{1,20}$/.test(position)) {
    return { kind: 'lost', head: replyText(await evaluate(client, feedScript(HEAD))) };
  }
  const [kind, head] = replyList(await evaluate(client, feedScript(WHERE, position)));
  switch (replyText(kind)) {
    case 'current':
      return { kind: 'current' };
    case 'behind':
      return { kind: 'behind' };
    default:
      return { kind: 'lost', head: replyText(head) };
  }
}

async function read(client: RedisClient, position: FeedPosition): Promise<readonly Reply[]> {
  const command = ['COUNT', COUNT, 'BLOCK', BLOCK_MS, 'STREAMS', names.feed, position];
  const streams = replyList((await client.callBuffer('XREAD', command)) as Reply);
  return replyList(replyList(streams[0])[1]);
}

/** The entries that follow the position one by one; `broken` when another came in between. */
function* chainSteps(
  replies: readonly Reply[],
  from: FeedPosition,
  log: Logger,
): Steps<{ entries: FeedEntry[]; broken: boolean }> {
  const entries: FeedEntry[] = [];
  let position = from;
  for (const reply of replies) {
    const linked = yield* decodeSteps(reply, log);
    yield;
    if (linked?.after !== position) return { entries, broken: true };
    entries.push(linked.entry);
    position = linked.entry.position;
  }
  return { entries, broken: false };
}

/**
 * Reads an entry. One that cannot be read counts as missing: followers reload the ruleset, which is
 * not made from it.
 */
function* decodeSteps(reply: Reply, log: Logger): Steps<LinkedEntry | undefined> {
  try {
    return yield* feedEntrySteps(reply);
  } catch (error) {
    const damaged = new HoldfastError(
      'store_damaged',
      'A feed entry cannot be read; followers reload instead.',
      {
        cause: error,
      },
    );
    log.error({ err: damaged, entry: replyText(replyList(reply)[0]) }, 'feed entry cannot be read');
    return undefined;
  }
}

function feedScript(lua: string, ...args: string[]) {
  return { lua, keys: [names.feed, names.head], args };
}
