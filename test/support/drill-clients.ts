/**
 * The clients of the drill: the library, and the unmodified SDKs, each started as an application
 * does it.
 */
import { join } from 'node:path';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { Context, Prefab as PrefabInPages } from '@prefab-cloud/prefab-cloud-js';
import { Prefab } from '@prefab-cloud/prefab-cloud-node';
import { createClient, type HoldfastClient } from '../../src/client/index.js';
import { inFile } from '../../src/client/node.js';
import { FLAG, type Drill } from './drill.js';
import { until } from './until.js';

export interface DrillClient {
  readonly name: string;
  /** The name of the change that it knows. */
  value(): Promise<unknown>;
  close(): Promise<void>;
}

export interface LibraryClient extends DrillClient {
  readonly client: HoldfastClient;
}

export interface JsClient extends DrillClient {
  poll(): Promise<void>;
  /**
   * Ends polling right after a poll: one that no source answers is an unhandled rejection, which a
   * page survives and a test does not.
   */
  pause(): Promise<void>;
}

/** Applications would wait longer; so tests are short. Milliseconds. */
const POLL = 300;

/**
 * Above the interval of the belt servers, and below the age at which they say themselves that they
 * are stale. Milliseconds.
 */
const STALE_AFTER = 2_500;

interface LibrarySetup {
  /** The file in which the last good ruleset is kept; default: nowhere. */
  readonly saves?: string;
  readonly readyTimeout?: number;
}

export async function startLibrary(drill: Drill, setup: LibrarySetup = {}): Promise<LibraryClient> {
  const { saves, readyTimeout = 20_000 } = setup;
  const client = createClient({
    key: drill.keys.server,
    sources: drill.sources,
    poll: POLL,
    backoff: { first: 100, most: 1_000 },
    staleAfter: STALE_AFTER,
    readyTimeout,
    onWarning: () => undefined,
    ...(saves === undefined ? {} : { lastGood: inFile(join(drill.dir, saves)) }),
  });
  const close = () => client.close();
  await client.ready().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { name: 'library', client, value: async () => client.get(FLAG), close };
}

/**
 * The SDK for servers. It streams from its first source only, and asks the others when the one
 * before does not answer.
 */
export async function startNodeSdk(
  name: string,
  key: string,
  sources: readonly string[],
): Promise<DrillClient> {
  const prefab = new Prefab({
    apiKey: key,
    sources: [...sources],
    enableSSE: true,
    enablePolling: true,
    pollInterval: POLL,
    collectLoggerCounts: false,
    contextUploadMode: 'none',
    collectEvaluationSummaries: false,
  });
  await prefab.init();
  return {
    name,
    value: async () => prefab.get(FLAG),
    close: async () => {
      prefab.stopPolling();
      prefab.close();
    },
  };
}

/** The SDK for pages. */
export async function startJsSdk({ keys, sources }: Drill): Promise<JsClient> {
  const prefab = new PrefabInPages();
  await prefab.init({
    apiKey: keys.client,
    endpoints: sources.map((url) => `${url}/api/v2`),
    apiEndpoint: `${sources[0]}/api/v1`,
    context: new Context({}),
    collectEvaluationSummaries: false,
  });
  return {
    name: 'js SDK',
    value: async () => prefab.get(FLAG),
    poll: async () => {
      await prefab.poll({ frequencyInMs: POLL });
    },
    pause: async () => {
      const { pollCount } = prefab;
      await until('it has polled', () => prefab.pollCount > pollCount);
      prefab.stopPolling();
    },
    close: async () => {
      prefab.stopPolling();
      prefab.stopTelemetry();
    },
  };
}

/** OpenFeature's provider for servers. It has one address: the second belt server. */
export function startOfrep({ keys, belts }: Drill): DrillClient {
  const provider = new OFREPProvider({ baseUrl: belts[1].url, headers: [['X-API-Key', keys.client]] });
  return {
    name: 'OFREP provider',
    value: async () => (await provider.resolveStringEvaluation(FLAG, '', { targetingKey: 'u1' })).value,
    close: async () => undefined,
  };
}
