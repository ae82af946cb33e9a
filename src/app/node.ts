/**
 * A node: the process of `holdfast serve`. Opens the store, builds the node, listens, and stops.
 */
import type { Committer } from '../commit/committer.js';
import type { NodeSettings } from '../config/options.js';
import { systemClock } from '../core/clock.js';
import { openFilesLimit } from '../core/open-files.js';
import { settleWithin } from '../http/listen.js';
import { openPorts } from '../http/ports.js';
import { connectionBounds, holdsWithin } from '../http/connections.js';
import type { Logger } from '../observe/log.js';
import type { Tracing } from '../observe/tracing.js';
import { historyLimits } from '../store/history.js';
import { openStore } from '../store/open.js';
import type { Store } from '../store/store.js';
import { tracedStore } from '../store/traced-store.js';
import { openBuckets } from './build/belt-writer.js';
import { buildNode } from './build/node.js';
import type { Secrets } from './build/parts.js';
import { emptyStartText, firstStartText, laterStartText } from './first-run-text.js';
import { announceServer, createExamples, keepKey, provideSecrets, secretsFile } from './first-run.js';
import type { RunningProcess } from './running.js';

/** A node that serves on a store that its caller opened. */
export interface RunningNode extends RunningProcess {
  /** The URL at which clients on this machine reach it. */
  readonly url: string;
  /** The URL at which operators on this machine reach it. */
  readonly adminUrl: string;
  readonly committer: Committer;
  /** Makes a code with which one may sign in, once. */
  readonly issueCode: () => string;
}

/** The milliseconds that a stop may take beyond the drain. */
const FINISH_MS = 5_000;

/**
 * Starts a node; resolves when it serves. With an embedded store outside of production it prints
 * how to use it.
 *
 * @throws HoldfastError `store_unavailable` when the store cannot be read; `field_invalid` when the
 *   port cannot be used
 */
export async function startNode(
  settings: NodeSettings,
  log: Logger,
  tracing?: Tracing,
): Promise<RunningProcess> {
  const opened = await openStore(settings.store, { log, history: historyLimits(settings.history) });
  const store = tracing === undefined ? opened : tracedStore(opened, tracing);
  try {
    const secrets = await provideSecrets(settings);
    const node = await startOnStore(settings, secrets, store, log, tracing);
    const { gripUrls, hold, production } = settings;
    const { url, adminUrl } = node;
    log.info(
      { url, ...(adminUrl !== url && { adminUrl }), store: store.name, proxies: gripUrls.length, hold },
      'serving',
    );
    const retract = await announceServer(settings, node);
    if (secretsFile(settings) !== undefined && !production) await greet(settings, secrets, store, node);
    return {
      stop: async () => {
        await retract();
        await node.stop();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function greet(
  settings: NodeSettings,
  { adminTokens }: Secrets,
  store: Store,
  { url, adminUrl, committer, issueCode }: RunningNode,
): Promise<void> {
  const { environments, damaged } = await store.listEnvironments();
  const isEmpty = environments.length + damaged.length === 0;
  if (isEmpty && settings.examples === 'off') {
    process.stdout.write(emptyStartText({ url, store: store.name }));
    return;
  }
  const key = isEmpty ? await createExamples(store, committer, Date.now()) : undefined;
  if (key !== undefined) await keepKey(settings, key);
  const tokenFile = settings.adminTokens === undefined ? secretsFile(settings) : undefined;
  const consoleUrl = `${adminUrl}/console/#code=${issueCode()}`;
  process.stdout.write(
    key === undefined
      ? laterStartText({ url, adminUrl, consoleUrl, store: store.name, tokenFile })
      : firstStartText({ url, adminUrl, consoleUrl, key, adminToken: adminTokens[0] ?? '' }),
  );
}

/** Lowers HOLDFAST_MAX_HOLDS to what the open files of this process allow, and says so. */
function withinOpenFiles(settings: NodeSettings, log: Logger): NodeSettings {
  const openFiles = openFilesLimit();
  const bounds = connectionBounds(openFiles, settings.adminPort !== undefined);
  const maxHolds = holdsWithin(settings.maxHolds, bounds);
  if (maxHolds === settings.maxHolds) return settings;
  log.warn(
    { openFiles, maxHolds },
    'HOLDFAST_MAX_HOLDS is more than the open files of this process allow, and is lowered; raise their limit (ulimit -n, LimitNOFILE, ulimits)',
  );
  return { ...settings, maxHolds };
}

/**
 * Starts a node on an open store, which stays the caller's.
 *
 * Stopping it turns readiness off, gives the lease up, ends direct holds over the drain time, and
 * finishes requests that are under way, within the drain time and 5 s; what has not ended by then
 * is left, and ends with the process. [protocol] #stopping
 *
 * @throws HoldfastError `store_unavailable` when the store cannot be read; `field_invalid` when the
 *   port cannot be used
 */
export async function startOnStore(
  given: NodeSettings,
  secrets: Secrets,
  store: Store,
  log: Logger,
  tracing?: Tracing,
): Promise<RunningNode> {
  const settings = withinOpenFiles(given, log);
  const buckets = await openBuckets(settings);
  const node = buildNode({ settings, secrets, store, log, tracing, clock: systemClock }, buckets);
  const { replica, committer, directHolds, audit, lead, enter } = node;
  await replica.start();
  const ports = await openPorts(node, settings);
  node.setAddress(ports.url);
  const stopping = new AbortController();
  const led = lead(stopping.signal);
  enter('serving');

  const stop = async (): Promise<void> => {
    enter('stopping');
    ports.closeAfterAnswers();
    // The lease first: another node takes over while this one still answers.
    stopping.abort();
    const served = directHolds.drain(settings.drainSeconds).then(() => ports.close());
    const works = {
      publishing: led,
      requests: served,
      following: served.then(() => replica.stop()),
      // After the last request, which may have an entry.
      auditing: served.then(() => audit.settled()),
    };
    const unfinished = await settleWithin(settings.drainSeconds * 1000 + FINISH_MS, works);
    if (unfinished.length > 0) log.warn({ unfinished }, 'stopping without waiting any longer');
  };
  const issueCode = (): string => node.codes.issue();
  return { url: ports.url, adminUrl: ports.adminUrl, committer, issueCode, stop };
}
