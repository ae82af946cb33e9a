/**
 * From a change to the last of 1,000 clients: through Holdfast, and by publishing the very same
 * bytes straight to Pushpin, which is the limit that Holdfast cannot beat.
 *
 * Two environments with 1,000 holds each, all open all the time in one Pushpin, and all held by the
 * same node's instructions. Changes of the first are committed; to the second's channel this
 * program publishes by itself items of the form and size that Holdfast would. Both cannot use one
 * environment, because a hold that has received an item which Holdfast does not know stands ahead
 * of the store, and Holdfast's next item does not follow what that hold has. T is so long (main.ts)
 * that no hold is verified while this runs.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { changeItems } from '../src/publish/outbox/items.js';
import { encodeConfig, encodeEnvelope } from '../src/ruleset/codec.js';
import { flag } from '../test/support/configs.js';
import type { Stack } from '../test/support/stack.js';
import { readMetrics } from './node-metrics.js';
import { milliseconds, poster, type Poster } from './poster.js';
import type { SubscriberPool } from './subscriber-pool.js';

/** One environment with subscribers. */
export interface Audience {
  readonly environment: number;
  readonly subscribers: SubscriberPool;
}

export interface LatencyResult {
  /** POST sent → last client, milliseconds. */
  readonly holdfast: readonly number[];
  readonly straight: readonly number[];
  /**
   * POST sent → its answer, milliseconds: the commit is durable; the item is accepted by Pushpin.
   */
  readonly committed: readonly number[];
  readonly accepted: readonly number[];
  /** Mean time from commit to acceptance by Pushpin, as the node measures it, milliseconds. */
  readonly publishLag: number;
  /**
   * Holds that fetched the recovery link meanwhile, which would make the figures those of repairs.
   * Expected: 0.
   */
  readonly recoveries: number;
}

interface Round {
  readonly last: number;
  readonly answered: number;
}

/**
 * The clients and Pushpin come to rest between rounds. The length varies, so that rounds do not
 * fall into step with a timer.
 */
function pause(): Promise<void> {
  return delay(40 + 40 * Math.random());
}

export async function measureLatency(
  stack: Stack,
  audiences: { holdfast: Audience; straight: Audience },
  rounds: { warmUp: number; measured: number },
): Promise<LatencyResult> {
  const node = stack.nodes[0]!;
  const throughHoldfast = committing(stack, audiences.holdfast);
  const straight = await publishing(stack, audiences.straight);
  try {
    for (let i = 0; i < rounds.warmUp; i++) {
      await throughHoldfast.round(i);
      await straight.round(i);
    }
    const before = await readMetrics(node);
    const a: Round[] = [];
    const b: Round[] = [];
    for (let i = 0; i < rounds.measured; i++) {
      const first = async (): Promise<void> => void a.push(await throughHoldfast.round(i));
      const second = async (): Promise<void> => void b.push(await straight.round(i));
      for (const measure of i % 2 === 0 ? [first, second] : [second, first]) {
        await pause();
        await measure();
      }
    }
    const after = await readMetrics(node);
    const grown = (name: string): number => after.sum(name) - before.sum(name);
    return {
      holdfast: a.map(({ last }) => last),
      straight: b.map(({ last }) => last),
      committed: a.map(({ answered }) => answered),
      accepted: b.map(({ answered }) => answered),
      publishLag:
        (grown('holdfast_publish_lag_seconds_sum') / grown('holdfast_publish_lag_seconds_count')) * 1000,
      recoveries: grown('holdfast_recoveries_total'),
    };
  } finally {
    await throughHoldfast.close();
    await straight.close();
  }
}

interface Way {
  round(turn: number): Promise<Round>;
  close(): Promise<void>;
}

function committing(stack: Stack, { environment, subscribers }: Audience): Way {
  const url = `${stack.nodes[0]!.url}/admin/v1/environments/${environment}/changes`;
  const changes = poster(url, { authorization: `Bearer ${stack.secrets.adminToken}` });
  return {
    round: (turn) =>
      timed(changes, subscribers, JSON.stringify({ configs: [change(turn)] }), (answer) => {
        return (JSON.parse(answer) as { version: string }).version;
      }),
    close: () => changes.close(),
  };
}

/**
 * Publishes as one leader of that environment would, from the version on at which its holds stand.
 */
async function publishing(stack: Stack, { environment, subscribers }: Audience): Promise<Way> {
  const described = await stack.admin(`/admin/v1/environments/${environment}`);
  let previous = BigInt(((await described.json()) as { version: string }).version);
  const items = poster(`${stack.pushpins[0]!.publishUrl}/publish/`);
  const id = BigInt(environment);
  const envelope = encodeEnvelope({ id, projectId: 1n });
  return {
    round: (turn) => {
      const at = BigInt(Date.now()) * 1000n;
      const version = at > previous ? at : previous + 1n;
      const config = encodeConfig({ id: `${version}`, projectId: '1', ...change(turn) });
      const step = { previous, version, clientPrevious: previous, clientVersion: version };
      const [item] = changeItems({ environment: id, ...step, at, envelope, configs: [config] });
      previous = version;
      return timed(items, subscribers, `{"items":[${item!.json}]}`, () => `${version}`);
    },
    close: () => items.close(),
  };
}

function change(turn: number): ReturnType<typeof flag> {
  return flag('bench.flag', turn % 2 === 0);
}

async function timed(
  to: Poster,
  subscribers: SubscriberPool,
  body: string,
  eventId: (answer: string) => string,
): Promise<Round> {
  const sent = process.hrtime.bigint();
  const answer = await to.post(body);
  const answered = process.hrtime.bigint();
  const last = await subscribers.reached(eventId(answer));
  return { last: milliseconds(sent, last), answered: milliseconds(sent, answered) };
}
