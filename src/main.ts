#!/usr/bin/env node
/**
 * Holdfast's entry point: the only place that reads the command line, the environment and signals.
 *
 *     change ─commit─▶ store ──feed──▶ replica ──▶ subscribe, recover, snapshot
 *                        └────feed──▶ publisher ──▶ GRIP proxies ──▶ clients
 */
import { hostname } from 'node:os';
import type { RunningProcess } from './app/running.js';
import { decideStop } from './app/stop-requests.js';
import { serveArguments } from './cli/serve-arguments.js';
import { printerOptions } from './cli/terminal.js';
import { VERSION } from './core/version.js';
import type { Logger, LogOrigin } from './observe/log.js';
import type { Tracing } from './observe/tracing.js';
import { isGiven, withVariable } from './config/option.js';
import type { CommonSettings, NodeSettings } from './config/options.js';

/**
 * Resolves at the first SIGINT or SIGTERM. Its repeats within a second are the same request; a later
 * one ends the process immediately.
 */
function stopRequested(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: number | undefined;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        const now = performance.now();
        const decision = decideStop(first, now);
        if (decision === 'exit') process.exit(1);
        first ??= now;
        resolve(signal);
      });
    }
  });
}

/**
 * An unexpected error leaves a state that is not known. So the process ends: its clients turn to
 * other nodes, and its supervisor starts it again. Everything that was acknowledged is in the
 * store.
 */
function exitOnUnexpectedErrors(log: Logger): void {
  process.on('uncaughtException', (error, origin) => {
    log.fatal({ err: error, origin }, 'unexpected error; exiting');
    process.exit(1);
  });
}

/** Opens tracing where its receiver is given, and loads OpenTelemetry only then. */
async function openTracing(settings: CommonSettings, origin: LogOrigin): Promise<Tracing | undefined> {
  const { traceEndpoint, tracesEndpoint, tracesOff } = settings as Partial<NodeSettings>;
  if (tracesOff === true || (traceEndpoint ?? tracesEndpoint) === undefined) return undefined;
  return (await import('./observe/open-tracing.js')).openTracing(origin);
}

/** Opens the log of a server: lines for people on a terminal, JSON elsewhere. */
async function openLog(
  { logLevel }: CommonSettings,
  origin: LogOrigin,
  tracing: Tracing | undefined,
): Promise<Logger> {
  const { createLog, linesForPeople } = await import('./observe/log.js');
  const { colours, width } = printerOptions(process.stdout, process.env);
  const destination = width === undefined ? undefined : await linesForPeople(colours);
  return createLog(logLevel, destination, { origin, fields: tracing && (() => tracing.fields()) });
}

/** Runs a server until a signal comes, and stops it. */
async function run<S extends CommonSettings>(
  settings: S,
  begin: (settings: S, log: Logger, tracing?: Tracing) => Promise<RunningProcess>,
): Promise<void> {
  const origin = { node: settings.nodeName ?? hostname(), version: VERSION };
  const tracing = await openTracing(settings, origin);
  const log = await openLog(settings, origin, tracing);
  tracing?.logProblems(log);
  exitOnUnexpectedErrors(log);
  log.info({ runtime: process.version }, 'starting');
  for (const warning of settings.warnings) log.warn(warning);
  const stopping = stopRequested();
  const node = await Promise.race([begin(settings, log, tracing), stopping.then(() => undefined)]);
  log.info({ signal: await stopping }, node === undefined ? 'stopped before it served' : 'stopping');
  if (node === undefined) return;
  await node.stop();
  await tracing?.close();
  log.info('stopped');
}

/** The option that makes serve a belt server; the whole table is not needed to look. */
const SOURCE = { name: 'HOLDFAST_SOURCE', secret: true } as const;

/**
 * Runs a node, or a belt server where copies are named. A process loads only the modules that it
 * needs: a belt server is meant for tiny machines.
 *
 * @param source replaces HOLDFAST_SOURCE
 */
async function serve(source?: string): Promise<void> {
  const env = source === undefined ? process.env : withVariable(process.env, SOURCE.name, source);
  if (isGiven(SOURCE, env)) {
    const { readBeltServerSettings } = await import('./config/belt-server.js');
    const settings = readBeltServerSettings(env);
    const { startBeltServer } = await import('./app/belt-server.js');
    await run(settings, startBeltServer);
    return;
  }
  const { readNodeSettings } = await import('./config/node.js');
  const settings = readNodeSettings(env);
  const { startNode } = await import('./app/node.js');
  await run(settings, startNode);
}

async function belt(): Promise<void> {
  const { readBeltWriterSettings } = await import('./config/belt-writer.js');
  const settings = readBeltWriterSettings(process.env);
  const { startBeltWriter } = await import('./app/belt-writer.js');
  await run(settings, startBeltWriter);
}

/** Runs the commands; resolves to the exit code. */
async function command(argv: readonly string[]): Promise<number> {
  // Scripts and completions ask for it often, and it needs nothing.
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  const plain = serveArguments(argv);
  if (plain !== undefined) {
    try {
      await serve(plain.source);
      return 0;
    } catch (error) {
      const { tellFailure } = await import('./cli/failure.js');
      return tellFailure(error, process.stderr);
    }
  }
  const interrupted = new AbortController();
  if (!isServer(argv)) {
    process.once('SIGINT', () => interrupted.abort());
    process.stdout.on('error', endWithReader);
  }
  const { runCli } = await import('./cli/program.js');
  const { stdout, stderr, stdin, env } = process;
  return runCli({ argv, env, stdout, stderr, stdin, serve, belt, signal: interrupted.signal });
}

/** Ends a command quietly when its reader has enough, as `head` does. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
}

function isServer([name = 'serve']: readonly string[]): boolean {
  return name === 'serve' || name === 'belt';
}

const argv = process.argv.slice(2);
process.exitCode = await command(argv);
// Work that a stop has left, such as a request to a proxy that does not answer, must not keep the
// process.
if (isServer(argv)) process.exit();
