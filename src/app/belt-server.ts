/**
 * A belt server: the process of `holdfast serve --source`. Loads nothing that only nodes need: it
 * is meant for tiny machines.
 */
import { FileBucket } from '../bucket/file.js';
import { openSource } from '../bucket/sources.js';
import { buildBeltServer } from './build/belt-server.js';
import type { BeltServerSettings } from '../config/options.js';
import { settleWithin } from '../http/listen.js';
import { openPorts } from '../http/ports.js';
import { systemClock } from '../core/clock.js';
import { makeDirectory } from '../core/durable-file.js';
import type { Logger } from '../observe/log.js';
import type { Tracing } from '../observe/tracing.js';
import type { RunningProcess } from './running.js';
import { awsOf } from '../config/read.js';

const STOP_MS = 5_000;

/**
 * Starts a belt server; resolves when it serves. It reads nothing before the first request needs
 * it, so it serves immediately, and also while every source is down. Stopping it turns readiness
 * off, finishes requests that are under way, and writes the cache, within 5 s.
 *
 * @throws HoldfastError `field_invalid` when the port cannot be used
 */
export async function startBeltServer(
  settings: BeltServerSettings,
  log: Logger,
  tracing?: Tracing,
): Promise<RunningProcess> {
  const aws = awsOf(settings);
  const sources = await Promise.all(settings.sources.map((url) => openSource(url, aws)));
  const { cacheDirectory } = settings;
  const cache = cacheDirectory === undefined ? undefined : new FileBucket(cacheDirectory);
  // For its owner alone: rules are in it. Where it cannot be made, the cache says so.
  if (cacheDirectory !== undefined) await makeDirectory(cacheDirectory).catch(() => undefined);
  const server = buildBeltServer({ settings, sources, cache, log, tracing, clock: systemClock });
  const { copies, enter } = server;
  const ports = await openPorts(server, settings);
  copies.start();
  enter('serving');
  const { url, adminUrl } = ports;
  log.info(
    { url, ...(adminUrl !== url && { adminUrl }), sources: sources.map(({ name }) => name) },
    'serving copies',
  );
  return {
    stop: async () => {
      enter('stopping');
      ports.closeAfterAnswers();
      const works = { requests: ports.close(), copies: copies.stop() };
      const unfinished = await settleWithin(STOP_MS, works);
      if (unfinished.length > 0) log.warn({ unfinished }, 'stopping without waiting any longer');
    },
  };
}
