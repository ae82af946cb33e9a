/** What pages read from the server, by the keys of the query cache. */
import { queryOptions } from '@tanstack/react-query';
import type { Config } from '../../src/ruleset/model.js';
import { call, callWithVersion, environmentPath } from './api.js';

/** An environment, as the server lists it. */
export interface Environment {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly version: string;
  /** The number of configs that are not deleted. */
  readonly configs: number;
}

/** A config of an answer: keys and ids are always there. */
export interface KeyedConfig extends Config {
  key: string;
  id: string;
}

/** The configs of an environment at a version. */
export interface Ruleset {
  readonly configs: readonly KeyedConfig[];
  readonly version: string;
}

/** Lists the environments that the operator reaches. */
export const environmentsQuery = queryOptions({
  queryKey: ['environments'],
  queryFn: async ({ signal }) =>
    (await call<{ environments: readonly Environment[] }>('/environments', { signal })).environments,
});

/** Reads the configs of an environment. */
export function rulesetQuery(environment: string) {
  return queryOptions({
    queryKey: ['ruleset', environment],
    queryFn: async ({ signal }): Promise<Ruleset> => {
      const path = `${environmentPath(environment)}/configs`;
      const { data, version = '0' } = await callWithVersion<{ configs?: KeyedConfig[] }>(path, { signal });
      return { configs: data.configs ?? [], version };
    },
  });
}
