/** Performs the faults that make the store lose writes, and undoes them. */
import { names } from '../src/store/redis/names.js';
import { ask } from '../test/support/redis.js';
import { until } from '../test/support/until.js';
import { adminApi } from './api.js';
import { hasConverged } from './convergence.js';
import type { Strike, Undo } from './perform.js';
import { seconds } from './plan.js';
import type { Site } from './site.js';
import type { SiteNode } from './site-node.js';
import { isGivenUp } from './truth.js';

/** The part of the append-only file that is lost, milliseconds. */
const LAST_SECOND = 1_000;
/** The time that a node may need to reconnect to a restarted Redis, milliseconds. */
const RESTORE_WITHIN = 15_000;
/** The time in which a node that goes on has healed what the store lost, milliseconds. */
const CONVERGE_WITHIN = 20_000;
/** Healing lists what it gives up before the node has converged. Milliseconds. */
const GIVE_UP_WITHIN = 5_000;

/** Redis dies and loses what was written in its last second. */
export async function loseLastSecond(strike: Strike): Promise<Undo> {
  const { site, lost } = strike;
  await site.redis.kill();
  const from = site.redisFile.forgetSince(performance.now() - LAST_SECOND);
  lost(from);
  return async () => {
    await site.redis.restart();
    await restoreAgain(strike, from);
  };
}

/**
 * What is lost can be what an administrator restored a moment ago. The nodes say then that they miss
 * environments, and serve on; the administrator, who is still there, restores once more. Until then
 * the store does not have the environments, and what is written to them is refused.
 */
async function restoreAgain({ site, keys, lost, note }: Strike, from: number): Promise<void> {
  // Redis has only just begun to listen again, and the connection from here may not be back yet.
  const missing = await until('the store says which environments it has', async () => {
    const found = [];
    for (const environment of keys.keys()) {
      if ((await site.store.environment(environment)) === undefined) found.push(environment);
    }
    return found;
  });
  if (missing.length === 0) return;
  note(`the store lost what was restored of environments ${missing.join(', ')}`);
  await restoreEverywhere(site, note);
  lost(from);
}

/**
 * Redis is empty for as long as the fault lasts; then an administrator has each node write back
 * what it has.
 */
export async function emptyRedis({ site, lost, note }: Strike): Promise<Undo> {
  await site.redis.kill();
  await site.redisFile.empty();
  lost(0);
  await site.redis.restart();
  return () => restoreEverywhere(site, note);
}

async function restoreEverywhere(site: Site, note: Strike['note']): Promise<void> {
  for (const node of site.nodes) {
    const answer = await restore(site, node);
    note(`restore at node ${node.index + 1}: ${answer}`);
  }
}

/**
 * One node is stopped, with the last commits in its memory; the others and Redis die, and Redis
 * loses these commits. Writers then go on through the others, for as long as the fault lasts. Then
 * the stopped node goes on, and must come to an end with what the store has.
 */
export async function loseAllButOne(strike: Strike, since?: number): Promise<Undo> {
  const { site, target, keys, lost, note, violation } = strike;
  const keeper = site.nodes[target]!;
  const others = othersOf(strike);
  const until = performance.now();
  keeper.signal('SIGSTOP');
  await Promise.all(others.map((node) => node.kill()));
  await site.redis.kill();
  const from = site.redisFile.forgetSince(since ?? performance.now() - LAST_SECOND);
  lost(from, { keeper: { node: target, until } });
  await site.redis.restart();
  await Promise.all(others.map((node) => node.start()));
  return async () => {
    keeper.signal('SIGCONT');
    await restoreAgain(strike, from);
    await untilConverged({ site, keys, note, violation, node: keeper });
  };
}

/**
 * The same, and among what is lost is a flag with a segment that is deleted before the stopped node
 * goes on. Nobody can commit that flag again: the node must give it up and list it as rejected.
 */
export async function loseBeyondHealing(strike: Strike): Promise<Undo> {
  const { site, target, doomed, note, violation } = strike;
  const keeper = site.nodes[target]!;
  await doomed.makeSegment(keeper);
  const since = site.redisFile.mark();
  const token = await doomed.useSegment(keeper);
  const undo = await loseAllButOne(strike, since);
  await doomed.deleteSegment(othersOf(strike)[0]!);
  return async () => {
    await undo();
    try {
      await until('the flag is given up', () => isGivenUp(site.store, token), {
        timeout: GIVE_UP_WITHIN,
        interval: 200,
      });
      doomed.noteGivenUp();
      note('the flag that was lost with its segment is listed as rejected');
    } catch {
      violation('a flag was lost, its segment was deleted, and it is not listed as rejected');
    }
  };
}

function othersOf({ site, target }: Strike): readonly SiteNode[] {
  return site.nodes.filter(({ index }) => index !== target);
}

async function untilConverged({
  site,
  keys,
  note,
  violation,
  node,
}: Pick<Strike, 'site' | 'keys' | 'note' | 'violation'> & { readonly node: SiteNode }): Promise<void> {
  const from = performance.now();
  const name = `node ${node.index + 1}`;
  try {
    await until(`${name} converges`, () => hasConverged(site, node, keys), {
      timeout: CONVERGE_WITHIN,
      interval: 100,
    });
    note(`${name} has what the store has, after ${seconds(performance.now() - from).trim()}`);
  } catch {
    violation(`${name} did not come to what the store has within ${seconds(CONVERGE_WITHIN).trim()}`);
  }
}

/**
 * Someone deletes one environment in Redis; after a while an administrator restores it. The inbox
 * of the others goes on.
 */
export async function deleteEnvironment({ site, target, lost, note }: Strike): Promise<Undo> {
  const environment = BigInt(target + 1);
  // In one step, as when someone restores a wrong dump.
  const script = "redis.call('DEL',KEYS[1],KEYS[2])redis.call('SREM',KEYS[3],ARGV[1])return(1)";
  const keys = [names.environment(environment), names.configs(environment), names.environments];
  await ask(site.redis.port, `EVAL ${script} ${keys.length} ${keys.join(' ')} ${environment}`);
  lost(0, { environment });
  return () => restoreEverywhere(site, note);
}

/**
 * A node that does not have its connection to Redis back says 503, and then is asked again, as its
 * answer advises.
 */
async function restore(site: Site, node: SiteNode): Promise<string> {
  const api = adminApi(site.secrets.adminToken);
  let answer = '';
  await until(
    `node ${node.index + 1} restores`,
    async () => {
      const { status, body } = await api(node, '/admin/v1/restore', { method: 'POST', timeout: 10_000 });
      answer = `${status} ${JSON.stringify(body)}`;
      return status === 200;
    },
    { timeout: RESTORE_WITHIN, interval: 200, context: () => answer },
  );
  return answer;
}
