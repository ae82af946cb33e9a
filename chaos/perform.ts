/** Performs each fault on the installation, and undoes it. */
import { until } from '../test/support/until.js';
import type { LinkFault } from '../test/support/publish-link.js';
import { adminApi } from './api.js';
import type { LossSpan } from './clients/journal.js';
import type { Crowd } from './crowd.js';
import type { FaultKind } from './kinds.js';
import { deleteEnvironment, emptyRedis, loseAllButOne, loseBeyondHealing, loseLastSecond } from './losses.js';
import type { Fault } from './plan.js';
import { seconds } from './plan.js';
import type { Random } from './random.js';
import type { Site } from './site.js';
import type { DoomedWriter } from './writers/doomed.js';

/** A fault that is about to begin, with the node or Pushpin that it really meets. */
export interface Strike {
  readonly fault: Fault;
  readonly target: number;
  readonly site: Site;
  readonly crowd: Crowd;
  readonly random: Random;
  /** Commits what cannot be healed once it is lost. */
  readonly doomed: DoomedWriter;
  readonly note: (text: string) => void;
  /** Something that must not happen, found while the fault was done. */
  readonly violation: (text: string) => void;
  /** API keys by environment. */
  readonly keys: ReadonlyMap<bigint, string>;
  /** The store has lost what was written from that moment on (performance.now()). */
  readonly lost: (since: number, more?: Pick<LossSpan, 'environment' | 'keeper'>) => void;
}

/** Ends the fault; resolves when what it met runs again. */
export type Undo = () => Promise<unknown> | undefined;

/**
 * Two hundred milliseconds to four seconds: an answer that comes late, and one that comes too late
 * (publishers wait 5 s).
 */
const PUBLISH_DELAY: readonly [number, number] = [100, 4_000];
const REDIS_DELAY: readonly [number, number] = [20, 600];
const HOUR = 3_600_000;
/** One in so many strict clients. */
const SOME_READERS = 0.15;
/**
 * The drain (1 s) and what requests under way may take (5 s), with a margin for the machine.
 * Milliseconds.
 */
const STOP_WITHIN = 12_000;

/** Longer than Redis is ever away. */
const REVOKE_WITHIN = 30_000;

/** Begins a fault; resolves when it has begun. */
export async function begin(strike: Strike): Promise<Undo> {
  const { fault, site, target } = strike;
  const { kind } = fault;
  if (isPublishFault(kind)) return publishFault(strike, LINK_FAULTS[kind]);
  const node = site.nodes[target];
  switch (kind) {
    case 'node killed':
      await node?.kill();
      return () => node?.start();
    case 'node stopped':
      await stopNode(strike);
      return () => node?.start();
    case 'clock an hour off':
      await stopNode(strike);
      if (node !== undefined) node.clockOffset = fault.strength < 0.5 ? -HOUR : HOUR;
      strike.note(
        `the clock of node ${target + 1} goes ${fault.strength < 0.5 ? 'an hour behind' : 'an hour ahead'}`,
      );
      return () => node?.start();
    case 'leader paused':
      node?.signal('SIGSTOP');
      return async () => node?.signal('SIGCONT');
    case 'redis killed':
      await site.redis.kill();
      return () => site.redis.restart();
    case 'redis lost its last second':
      return loseLastSecond(strike);
    case 'redis emptied':
      return emptyRedis(strike);
    case 'redis lost what one node has':
      return loseAllButOne(strike);
    case 'redis lost what cannot be healed':
      return loseBeyondHealing(strike);
    case 'environment deleted':
      return deleteEnvironment(strike);
    case 'redis slow':
      for (const link of site.redisLinks) link.delay = degree(REDIS_DELAY, fault.strength);
      return async () => {
        for (const link of site.redisLinks) link.delay = 0;
      };
    case 'redis cut off':
    case 'redis silent': {
      const link = site.redisLinks[target]!;
      link.fault = kind === 'redis silent' ? 'silent' : 'cut';
      return async () => void (link.fault = 'none');
    }
    case 'pushpin killed':
      return killPushpin(strike);
    case 'readers slow':
      return slowReaders(strike);
    case 'key revoked':
      await revokeKey(strike);
      return async () => undefined;
    case 'readers vanish':
      for (const client of someReaders(strike)) client.vanish();
      return async () => undefined;
  }
}

const LINK_FAULTS = {
  'publishing cut off': 'cut',
  'publishing slow': 'slow',
  'publishes lost': 'lose',
  'answers lost': 'forget',
  'publishes late': 'late',
  'publishes twice': 'twice',
  'publishes reordered': 'reorder',
  'publishing limited': 'limit',
  'publishing refused': 'refuse',
} as const satisfies Partial<Record<FaultKind, LinkFault>>;

function isPublishFault(kind: FaultKind): kind is keyof typeof LINK_FAULTS {
  return kind in LINK_FAULTS;
}

function publishFault({ site, target, fault }: Strike, linkFault: LinkFault): Undo {
  const link = site.publishLinks[target]!;
  link.fault = linkFault;
  link.delay = degree(PUBLISH_DELAY, fault.strength);
  return async () => void (link.fault = 'none');
}

async function stopNode({ site, target, note, violation }: Strike): Promise<void> {
  const { code, after } = (await site.nodes[target]?.stop()) ?? { code: 0, after: 0 };
  note(`node ${target + 1} ended with ${code} after ${seconds(after).trim()}`);
  if (code !== 0) violation(`node ${target + 1} ended with ${code} when it was asked to stop`);
  if (after > STOP_WITHIN) violation(`node ${target + 1} needed ${seconds(after).trim()} to stop`);
}

/**
 * Every second time its clients come back as a herd: all at once, whatever they were asked to wait.
 */
async function killPushpin({ site, target, crowd, fault, note }: Strike): Promise<Undo> {
  const pushpin = site.pushpins[target]!;
  await pushpin.kill();
  return async () => {
    await pushpin.restart();
    if (fault.strength < 0.5) return;
    note(`the clients of pushpin ${target + 1} come back as a herd`);
    for (const client of crowd.strict) {
      if (client.via.kind === 'pushpin' && client.via.index === target) client.hurry();
    }
  };
}

/** Asks one node after the other until the key of some clients is revoked. */
async function revokeKey({ crowd, site, random, note }: Strike): Promise<void> {
  const tenants = crowd.nextTenants();
  if (tenants === undefined) return;
  const api = adminApi(site.secrets.adminToken);
  const from = performance.now();
  // It may be revoked by a request that is not answered.
  for (const { journal } of tenants.clients) journal.revoked = { from, to: Infinity };
  await until(
    `key ${tenants.keyId} is revoked`,
    async () => {
      const { status } = await api(random.pick(site.nodes), `/admin/v1/keys/${tenants.keyId}`, {
        method: 'DELETE',
        timeout: 2_000,
      });
      return status === 200;
    },
    { timeout: REVOKE_WITHIN, interval: 200 },
  );
  for (const { journal } of tenants.clients) journal.revoked = { from, to: performance.now() };
  note(`key ${tenants.keyId} of ${tenants.clients.length} clients is revoked`);
}

function slowReaders(strike: Strike): Undo {
  const resumes = someReaders(strike).map((client) => client.pauseReading());
  return async () => {
    for (const resume of resumes) resume();
  };
}

function someReaders({ crowd, random }: Strike): Crowd['strict'] {
  const count = Math.ceil(crowd.strict.length * SOME_READERS);
  return random.shuffled(crowd.strict).slice(0, count);
}

function degree([least, most]: readonly [number, number], strength: number): number {
  return Math.round(least + (most - least) * strength);
}
