/** The routes of delivery: the state of all nodes, and one stream of it. [protocol] #delivery */
import type { Response } from 'express';
import { z } from 'zod';
import { differenceOf } from '../../delivery/difference.js';
import { DELIVERY_WATCHERS_MAX, type DeliveryBoard } from '../../delivery/board.js';
import type { DeliveryState } from '../../delivery/model.js';
import { HoldfastError } from '../../core/errors.js';
import { reaches } from '../../operators/operator.js';
import type { Operator } from '../../store/operators.js';
import { recheckOperator } from './credential.js';
import { idText, timeText } from './input.js';
import { adminRoute } from './route.js';

/** Milliseconds without an event after which a comment is sent. */
const HEARTBEAT_MS = 15_000;

/** A connection that takes nothing for that long is ended, milliseconds. */
const STALLED_MS = 30_000;

const milliseconds = (description: string) => z.int().meta({ description });
const errorText = z.string().optional();

const acceptedAnswer = z.object({
  environment: idText,
  version: idText,
  at: timeText,
  lagMs: milliseconds('Milliseconds since its commit.'),
});

const canaryAnswer = z.object({
  state: z.enum(['ok', 'silent', 'waiting']),
  lastMs: milliseconds("From the commit of the canary's last change until it arrived.").optional(),
  waitingMs: milliseconds('The age of its oldest change that has not arrived.'),
  error: errorText,
});

const proxyAnswer = z.object({
  proxy: z.string(),
  state: z.enum(['ok', 'failing']),
  waiting: z.int().meta({ description: 'Feed entries that it has not accepted yet.' }),
  missed: z.int().meta({ description: 'Environments that wait for a resync.' }),
  repairsPerMinute: z.int().meta({ description: 'Resync items of the last minute.' }),
  error: errorText,
  accepted: acceptedAnswer.optional().meta({ description: 'The last change that it accepted.' }),
  holds: z.int().optional().meta({ description: 'Connections that it holds, where that is known.' }),
  canary: canaryAnswer.optional().meta({ description: "The canary's hold through it, where there is one." }),
});

const bucketAnswer = z.object({
  bucket: z.string(),
  state: z.enum(['ok', 'failing']),
  behindEnvironments: z.int().meta({ description: 'Environments that changed and are not copied yet.' }),
  behindMs: milliseconds('Milliseconds since the oldest change that is not copied yet.'),
  aheadEnvironments: z
    .int()
    .meta({ description: 'Environments of which the bucket has what the store lost.' }),
  checkedMs: milliseconds('Milliseconds since all copies were last compared with the store.').optional(),
  error: errorText,
});

const nodeAnswer = z
  .object({
    id: z.string().meta({ description: 'Unique to the process.' }),
    name: z.string().meta({ description: 'Its host and port.' }),
    version: z.string(),
    startedAt: timeText,
    status: z.enum(['starting', 'ready', 'degraded', 'stopping']),
    problems: z.array(
      z.object({
        part: z.string().meta({ description: 'One of the parts that readiness names.' }),
        reason: z.string(),
      }),
    ),
    leader: z.boolean(),
    store: z.string(),
    feedLagMs: milliseconds('Milliseconds since it last knew that the feed has nothing newer.'),
    environments: z.int().meta({ description: 'Environments in memory.' }),
    directHolds: z.int(),
    recoveriesPerMinute: z
      .int()
      .meta({ description: 'Requests over the recovery link that had something to send, in a minute.' }),
    proxies: z.array(proxyAnswer).meta({ description: 'Of the node that leads.' }),
    buckets: z.array(bucketAnswer).meta({ description: 'Of the process that writes copies.' }),
    inbox: z.object({ waiting: z.int(), rejected: z.int(), error: errorText }).optional(),
    ageMs: milliseconds('Milliseconds since it reported this.'),
  })
  .meta({ id: 'DeliveryNode' });

const changeAnswer = z
  .object({
    environment: idText,
    version: idText,
    at: timeText.meta({ description: 'The time of the commit.' }),
    configs: z.int(),
    appliedMs: milliseconds('Milliseconds from the commit until the leader had it.').optional(),
    proxies: z.array(
      z.object({
        proxy: z.string(),
        acceptedMs: milliseconds('Milliseconds from the commit until the proxy accepted it.').optional(),
      }),
    ),
  })
  .meta({ id: 'DeliveryChange' });

const stateAnswer = z
  .object({
    answeredBy: z.string().meta({ description: 'The id of the node that answers.' }),
    stalenessSeconds: z
      .int()
      .meta({ description: 'The time within which a hold notices that it missed something.' }),
    nodes: z.array(nodeAnswer),
    changes: z.array(changeAnswer).meta({ description: 'The last changes, the newest first.' }),
    error: errorText.meta({ description: 'Why other nodes are unknown, or their reports old.' }),
  })
  .meta({ id: 'Delivery' });

/** The routes of delivery. */
export const DELIVERY_ROUTES = [
  adminRoute({
    method: 'GET',
    path: '/delivery',
    operation: 'getDelivery',
    role: 'viewer',
    scope: 'own',
    summary: 'Returns the state of all nodes, proxies and buckets, and the last changes on their way',
    answers: { 200: stateAnswer },
    handle: async ({ operator }, response, { delivery }) => {
      response.json(stateJson(await delivery.state(), operator));
    },
  }),
  adminRoute({
    method: 'GET',
    path: '/delivery/events',
    operation: 'watchDelivery',
    role: 'viewer',
    scope: 'own',
    summary: 'Streams the state of delivery: an event `snapshot`, then `change` at most once a second',
    answers: { 200: z.string().meta({ description: 'Server-Sent Events.' }) },
    answerType: 'text/event-stream',
    errors: ['busy'],
    handle: ({ operator }, response, { delivery, now }) => {
      const stream = new DeliveryStream(response, operator, now);
      stream.open(delivery);
    },
  }),
];

/** One watcher: sends what changed, for as long as its token is valid. */
class DeliveryStream {
  readonly #response: Response;
  readonly #recheck: () => Promise<Operator | undefined>;
  readonly #now: () => number;
  #operator: Operator;
  #sent: DeliveryState | undefined;
  #sentAt: number;
  #checking = false;
  #unwatch: () => void = () => undefined;

  constructor(response: Response, operator: Operator, now: () => number) {
    this.#response = response;
    this.#recheck = recheckOperator(response);
    this.#operator = operator;
    this.#now = now;
    this.#sentAt = now();
  }

  /** @throws HoldfastError `busy` when there are too many watchers */
  open(delivery: DeliveryBoard): void {
    const unwatch = delivery.watch({
      onState: (state) => void this.#take(state),
      onStop: () => this.#end('stopping'),
    });
    if (unwatch === undefined) {
      throw new HoldfastError(
        'busy',
        `this node has ${DELIVERY_WATCHERS_MAX} watchers of delivery, or is stopping: close one, or ask another node`,
      );
    }
    this.#unwatch = unwatch;
    this.#response.on('close', unwatch);
    this.#response.status(200).set({
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // nginx would hold events back until its buffer is full.
      'X-Accel-Buffering': 'no',
    });
    this.#response.flushHeaders();
    void delivery.state().then((state) => this.#take(state));
  }

  async #take(state: DeliveryState): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      const operator = await this.#recheck();
      if (operator === undefined) this.#end('token');
      else {
        this.#operator = operator;
        this.#send(state);
      }
    } catch {
      // The store could not be asked for too long: a token that may have been revoked is not taken.
      this.#end('token');
    } finally {
      this.#checking = false;
    }
  }

  /** Nothing is sent to a reader that has not taken the last event; it then gets the difference. */
  #send(full: DeliveryState): void {
    const idle = this.#now() - this.#sentAt;
    if (this.#response.writableNeedDrain) {
      if (idle > STALLED_MS) this.#response.destroy();
      return;
    }
    const state = visibleTo(full, this.#operator);
    const before = this.#sent;
    const difference = before && differenceOf(before, state);
    this.#sent = state;
    if (before === undefined) this.#event('snapshot', state);
    else if (difference !== undefined) this.#event('change', difference);
    else if (idle >= HEARTBEAT_MS) this.#write(': still here\n\n');
  }

  #end(reason: 'token' | 'stopping'): void {
    this.#unwatch();
    if (this.#response.writableEnded || this.#response.destroyed) return;
    this.#event('end', { reason });
    this.#response.end();
  }

  #event(name: string, data: object): void {
    this.#write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #write(text: string): void {
    this.#sentAt = this.#now();
    this.#response.write(text);
  }
}

/** Leaves out the changes of environments that an operator does not reach. */
function visibleTo(state: DeliveryState, operator: Operator): DeliveryState {
  if (operator.environments === 'all') return state;
  const isVisible = (environment: string): boolean => reaches(operator, BigInt(environment));
  return {
    ...state,
    changes: state.changes.filter(({ environment }) => isVisible(environment)),
    nodes: state.nodes.map((node) => ({
      ...node,
      proxies: node.proxies.map(({ accepted, ...proxy }) =>
        accepted === undefined || !isVisible(accepted.environment) ? proxy : { ...proxy, accepted },
      ),
    })),
  };
}

function stateJson(state: DeliveryState, operator: Operator): z.input<typeof stateAnswer> {
  const { nodes, changes, ...rest } = visibleTo(state, operator);
  return {
    ...rest,
    nodes: nodes.map((node) => ({
      ...node,
      problems: [...node.problems],
      proxies: [...node.proxies],
      buckets: [...node.buckets],
    })),
    changes: changes.map((change) => ({ ...change, proxies: [...change.proxies] })),
  };
}
