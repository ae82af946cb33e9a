/** Readiness of a server of copies. Pure. */
import type { CopiesStatus } from '../belt/server/copies.js';
import type { ReadinessReport } from './health.js';

export interface BeltServerHealth {
  readonly phase: 'starting' | 'serving' | 'stopping';
  readonly copies: CopiesStatus;
}

/** It may get traffic also while every source is down: it serves what it has, says so, and `degraded` here. */
export function beltServerReadiness({ phase, copies }: BeltServerHealth): ReadinessReport {
  const { sources, environments, stale } = copies;
  const degraded = [
    ...(sources.some(({ state }) => state === 'failing') ? ['source'] : []),
    ...(stale > 0 ? ['copies'] : []),
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
  };
  return { ready: phase === 'serving', body };
}
