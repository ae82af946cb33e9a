/**
 * The installation that faults meet: one Redis with its file, a link from each node to it, two
 * Pushpins with a link in front of each publish port, three nodes. Everything real but the links.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLog } from '../src/observe/log.js';
import { openStore } from '../src/store/open.js';
import type { Store } from '../src/store/store.js';
import { nodeEnvironment, type StackSecrets } from '../test/support/environment.js';
import { freePorts } from '../test/support/ports.js';
import { startPublishLink, type PublishLink } from '../test/support/publish-link.js';
import { startPushpin, type Pushpin } from '../test/support/pushpin.js';
import { startRedis, type RedisServer } from '../test/support/redis.js';
import { NODES, PUSHPINS } from './plan.js';
import { RedisFile } from './redis-file.js';
import { startRedisLinks, type RedisLink } from './redis-links.js';
import { SiteNode } from './site-node.js';

export interface Site {
  readonly secrets: StackSecrets;
  readonly redis: RedisServer;
  readonly redisFile: RedisFile;
  /** Keyed by node. */
  readonly redisLinks: readonly RedisLink[];
  readonly pushpins: readonly Pushpin[];
  /** Keyed by Pushpin. */
  readonly publishLinks: readonly PublishLink[];
  readonly nodes: readonly SiteNode[];
  /** The harness's own eyes: straight to Redis, past every link. */
  readonly store: Store;
  stop(): Promise<void>;
}

export interface SiteOptions {
  /** Where logs and Redis' data go. */
  readonly dir: string;
  /** T of the invariant, seconds. */
  readonly staleness: number;
  /** The time for which Pushpins remember ids, seconds. */
  readonly idCacheTtl: number;
  readonly note: (text: string) => void;
}

/** Seconds over which a node that stops ends its direct holds: short, because a run is. */
const DRAIN_SECONDS = 1;

export async function startSite(options: SiteOptions): Promise<Site> {
  const { dir, note } = options;
  const secrets = { adminToken: random(), secret: random(), gripKey: random() };
  const stops: (() => unknown)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const redisDir = join(dir, 'redis');
    mkdirSync(redisDir, { recursive: true });
    const redis = await startRedis({
      appendonly: true,
      dir: redisDir,
      args: ['--logfile', join(dir, 'redis.log')],
    });
    stops.push(() => redis.stop());
    const redisFile = new RedisFile(redisDir);
    stops.push(() => redisFile.close());
    const store = await openStore(redis.url, { log: createLog('silent') });
    stops.push(() => store.close());
    const { links: redisLinks, stop: stopLinks } = await startRedisLinks(NODES, redis.port);
    stops.push(stopLinks);
    const publishLinks = await Promise.all(Array.from({ length: PUSHPINS }, startPublishLink));
    stops.push(() => Promise.all(publishLinks.map((link) => link.stop())));
    const ports = await freePorts(NODES);
    const targets = ports.map((port) => `127.0.0.1:${port}`);
    const pushpins = await Promise.all(
      publishLinks.map(async (link, index) => {
        const pushpin = await startPushpin({
          // Each prefers another node, so that the nodes share the work.
          targets: [...targets.slice(index), ...targets.slice(0, index)],
          sigKey: secrets.gripKey,
          logFile: join(dir, `pushpin-${index + 1}.log`),
          config: { 'handler.id_cache_ttl': options.idCacheTtl },
        });
        stops.push(() => pushpin.stop());
        link.forwardTo(pushpin.publishUrl);
        return pushpin;
      }),
    );
    const urls = publishLinks.map((link) => link.url);
    const nodes = ports.map((port, index) => {
      const redisUrl = `redis://127.0.0.1:${redisLinks[index]!.port}`;
      const env = { ...nodeEnvironment(secrets, redisUrl, urls), ...siteEnvironment(options) };
      return new SiteNode({ index, port, note, logFile: join(dir, `holdfast-${index + 1}.log`), env });
    });
    stops.push(() => Promise.all(nodes.map((node) => node.kill())));
    await Promise.all(nodes.map((node) => node.start()));
    return { secrets, redis, redisFile, redisLinks, pushpins, publishLinks, nodes, store, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The settings of every node of a site. */
function siteEnvironment({ staleness }: SiteOptions): Record<string, string> {
  return {
    HOLDFAST_STALENESS: `${staleness}`,
    HOLDFAST_DRAIN: `${DRAIN_SECONDS}`,
    HOLDFAST_KEEPALIVE: '5',
    LOG_LEVEL: 'debug',
  };
}

/** Hexadecimal, because it also travels in URLs and in pushpin.conf. */
function random(): string {
  return randomBytes(32).toString('hex');
}
