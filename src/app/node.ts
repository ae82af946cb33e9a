/** What `holdfast serve` and `holdfast belt` run on a store. */
import { startBeltWriter } from './belt-writer.js';
import { firstStartText, laterStartText } from './first-run-text.js';
import type { NodeSettings } from '../config/node.js';
import { createExamples, provideSecrets, secretsFile } from './first-run.js';
import type { Logger } from '../observe/log.js';
import { startServer } from './server.js';
import { openStore } from '../store/open.js';

export interface Running {
  stop(): Promise<void>;
}

/** Resolves when the node serves. */
export async function startNode(settings: NodeSettings, log: Logger): Promise<Running> {
  const store = await openStore(settings.store, { log });
  try {
    const secrets = await provideSecrets(settings);
    const server = await startServer(settings, secrets, store, log);
    log.info(
      { url: server.url, store: store.name, proxies: settings.gripUrls.length, hold: settings.hold },
      'serving',
    );
    if (secretsFile(settings) !== undefined && !settings.production) {
      const key = await createExamples(store, server.committer, Date.now());
      const { url } = server;
      process.stdout.write(
        key === undefined
          ? laterStartText({ url, store: store.name, tokenFile: tokenFileOf(settings) })
          : firstStartText({ url, key, adminToken: secrets.adminTokens[0] ?? '' }),
      );
    }
    return {
      stop: async () => {
        await server.stop();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function tokenFileOf(settings: NodeSettings): string | undefined {
  return settings.adminTokens === undefined ? secretsFile(settings) : undefined;
}

/** Resolves when copies are written. */
export async function startCopying(settings: NodeSettings, log: Logger): Promise<Running> {
  const store = await openStore(settings.store, { log });
  try {
    const running = await startBeltWriter(settings, store, log);
    log.info({ url: running.url, store: store.name, buckets: settings.beltUrls.length }, 'copying');
    return { stop: () => running.stop().finally(() => store.close()) };
  } catch (error) {
    await store.close();
    throw error;
  }
}
