#!/usr/bin/env node
/**
 * Holdfast's entry point: the only place that reads the command line, the environment and signals.
 *
 *     change ─commit─▶ store ──feed──▶ replica ──▶ subscribe, recover, snapshot
 *                        └────feed──▶ publisher ──▶ GRIP proxies ──▶ clients
 */
import { startBelt } from './belt-process.js';
import { runCli } from './cli/program.js';
import { firstStartText, laterStartText } from './cli/first-start.js';
import { readSettings, type Settings } from './config.js';
import { createExamples, provideSecrets, secretsFile } from './first-start.js';
import { createLog, type Logger } from './observe/log.js';
import { startServer } from './server.js';
import { openStore } from './store/open.js';

/** Resolves at the first SIGINT or SIGTERM; the second one ends the process at once. */
function stopRequested(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(1);
        asked = true;
        resolve(signal);
      });
    }
  });
}

/**
 * A defect of ours leaves a state that nobody knows. So the process ends: its clients turn to other nodes, and whoever runs it starts it
 * anew. What is acknowledged is in the store.
 */
function endOnDefects(log: Logger): void {
  process.on('uncaughtException', (error, origin) => {
    log.fatal({ err: error, origin }, 'a defect: this process ends');
    process.exit(1);
  });
}

async function serve(): Promise<void> {
  await run(readSettings(process.env), start);
}

async function belt(): Promise<void> {
  await run(readSettings(process.env, 'belt'), async (settings, log) => {
    const store = await openStore(settings.store, { log });
    try {
      const running = await startBelt(settings, store, log);
      log.info({ url: running.url, store: store.name, buckets: settings.beltUrls.length }, 'copying');
      return { stop: () => running.stop().finally(() => store.close()) };
    } catch (error) {
      await store.close();
      throw error;
    }
  });
}

/** Runs a node until a signal comes, and stops it. */
async function run(
  settings: Settings,
  begin: (settings: Settings, log: Logger) => Promise<Node>,
): Promise<void> {
  const log = createLog(settings.logLevel);
  endOnDefects(log);
  for (const warning of settings.warnings) log.warn(warning);
  const stopping = stopRequested();
  const node = await Promise.race([begin(settings, log), stopping.then(() => undefined)]);
  log.info({ signal: await stopping }, node === undefined ? 'stopped before it served' : 'stopping');
  if (node === undefined) return;
  await node.stop();
  log.info('stopped');
}

interface Node {
  stop(): Promise<void>;
}

/** Resolves when the node serves. */
async function start(settings: Settings, log: Logger): Promise<Node> {
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

function tokenFileOf(settings: Settings): string | undefined {
  return settings.adminTokens === undefined ? secretsFile(settings) : undefined;
}

const interrupted = new AbortController();
const [command = 'serve'] = process.argv.slice(2);
if (command !== 'serve') process.once('SIGINT', () => interrupted.abort());

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  serve,
  belt,
  signal: interrupted.signal,
});
// What a stop has left behind, such as a request to a proxy that does not answer, must not keep the process.
if (command === 'serve' || command === 'belt') process.exit();
