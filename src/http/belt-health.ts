/** The readiness of a belt server. Pure. */
import type { CopiesStatus } from '../belt/server/copies.js';
import type { ReadinessReport } from './health.js';

/** The state of a belt server, from which its readiness is decided. */
export interface BeltServerHealth {
  readonly phase: 'starting' | 'serving' | 'stopping';
  readonly copies: CopiesStatus;
}

/**
 * Decides the readiness of a belt server. It may get traffic also while every source is down: it
 * serves the copies that it has, and is `degraded`.
 */
export function beltServerReadiness({ phase, copies }: BeltServerHealth): ReadinessReport {
  const { sources, environments, stale, cache } = copies;
  const degraded = [
    ...(sources.some(({ state }) => state === 'failing') ? ['source'] : []),
    ...(stale > 0 ? ['copies'] : []),
    ...(cache?.state === 'failing' ? ['cache'] : []),
  ];
  const status = phase !== 'serving' ? phase : degraded.length > 0 ? 'degraded' : 'ready';
  const body = {
    status,
    ...(degraded.length > 0 ? { degraded } : {}),
    sources: sources.map(({ source, state, succeededAt, error, behind, lag }) => ({
      name: source,
      state,
      ...(succeededAt === undefined ? {} : { lastSuccess: new Date(succeededAt).toISOString() }),
      behindEnvironments: behind,
      lagMs: lag,
      ...(error === undefined ? {} : { error }),
    })),
    environments,
    staleEnvironments: stale,
    ...(cache && { cache: { ...cache } }),
  };
  return { ready: phase === 'serving', body };
}
