/** A running server of copies: what `holdfast serve --source` is. Loads nothing that is for nodes. */
import { FileBucket } from '../bucket/file.js';
import { openSource } from '../bucket/sources.js';
import { buildBeltServer } from './compose-belt-server.js';
import type { BeltServerSettings } from '../config/belt-server.js';
import { closeServer, closingAnswers, settleWithin, listen, reachable } from '../http/listen.js';
import { createHttpServer } from '../http/server.js';
import { systemClock } from '../core/clock.js';
import type { Logger } from '../observe/log.js';
import { awsOf } from '../config/option.js';

export interface RunningBeltServer {
  /** Where a client on this machine reaches it. */
  readonly url: string;
  /** What copies are read from, for the log. */
  readonly sources: readonly string[];
  /** Stops within 5 s: readiness off, requests that are under way finished, the cache written. */
  stop(): Promise<void>;
}

const STOP_MS = 5_000;

/**
 * Reads nothing before the first request asks for it, so it serves at once, and also while every source is down.
 *
 * @throws HoldfastError `field_invalid` when the port cannot be used
 */
export async function startBeltServer(settings: BeltServerSettings, log: Logger): Promise<RunningBeltServer> {
  const aws = awsOf(settings);
  const sources = await Promise.all(settings.sources.map((url) => openSource(url, aws)));
  const { cacheDirectory } = settings;
  const cache = cacheDirectory === undefined ? undefined : new FileBucket(cacheDirectory);
  const { app, copies, enter } = buildBeltServer({ settings, sources, cache, log, clock: systemClock });
  const server = createHttpServer(app);
  const closeAfterAnswers = closingAnswers(server);
  const port = await listen(server, settings);
  enter('serving');
  return {
    url: `http://${reachable(settings.host)}:${port}`,
    sources: sources.map(({ name }) => name),
    stop: async () => {
      enter('stopping');
      closeAfterAnswers();
      const works = { requests: closeServer(server), copies: copies.stop() };
      const unfinished = await settleWithin(STOP_MS, works);
      if (unfinished.length > 0) log.warn({ unfinished }, 'stopping without waiting any longer');
    },
  };
}
