#!/usr/bin/env node
/**
 * Holdfast's entry point: the only place that reads the command line, the environment and signals.
 *
 *     change ─commit─▶ store ──feed──▶ replica ──▶ subscribe, recover, snapshot
 *                        └────feed──▶ publisher ──▶ GRIP proxies ──▶ clients
 */
import { tellFailure } from './cli/failure.js';
import { serveArguments } from './cli/serve-arguments.js';
import { createLog, type Logger } from './observe/log.js';
import type { CommonSettings } from './config/option.js';

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

/** Runs a server until a signal comes, and stops it. */
async function run<S extends CommonSettings>(
  settings: S,
  begin: (settings: S, log: Logger) => Promise<{ stop(): Promise<void> }>,
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

/** @param source replaces HOLDFAST_SOURCE */
async function serve(source?: string): Promise<void> {
  const env = source === undefined ? process.env : { ...process.env, HOLDFAST_SOURCE: source };
  if ((env.HOLDFAST_SOURCE ?? '').trim() !== '') return serveCopies(env);
  const [{ readNodeSettings: readSettings }, { startNode }] = await Promise.all([
    import('./config/node.js'),
    import('./app/node.js'),
  ]);
  await run(readSettings(env), startNode);
}

/** Without loading what is for nodes: it is meant for tiny machines. */
async function serveCopies(env: NodeJS.ProcessEnv): Promise<void> {
  const { readBeltServerSettings } = await import('./config/belt-server.js');
  const settings = readBeltServerSettings(env);
  const { startBeltServer } = await import('./app/belt-server.js');
  await run(settings, async (_settings, log) => {
    const server = await startBeltServer(settings, log);
    log.info({ url: server.url, sources: server.sources }, 'serving copies');
    return server;
  });
}

async function belt(): Promise<void> {
  const [{ readNodeSettings: readSettings }, { startCopying }] = await Promise.all([
    import('./config/node.js'),
    import('./app/node.js'),
  ]);
  await run(readSettings(process.env, 'belt'), startCopying);
}

/** Runs the commands; resolves to the exit code. */
async function command(argv: readonly string[]): Promise<number> {
  const plain = serveArguments(argv);
  if (plain !== undefined) {
    return serve(plain.source).then(
      () => 0,
      (error: unknown) => tellFailure(error, process.stderr),
    );
  }
  const interrupted = new AbortController();
  if (!isServer(argv)) process.once('SIGINT', () => interrupted.abort());
  const { runCli } = await import('./cli/program.js');
  const { stdout, stderr, stdin, env } = process;
  return runCli({ argv, env, stdout, stderr, stdin, serve, belt, signal: interrupted.signal });
}

function isServer([name = 'serve']: readonly string[]): boolean {
  return name === 'serve' || name === 'belt';
}

const argv = process.argv.slice(2);
process.exitCode = await command(argv);
// What a stop has left behind, such as a request to a proxy that does not answer, must not keep the process.
if (isServer(argv)) process.exit();
