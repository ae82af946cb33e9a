/** Queries of the pages to the server, by the keys of the query cache. */
import { queryOptions } from '@tanstack/react-query';
import { call } from './api.js';
import { readRuleset } from './commit.js';

export type { KeyedConfig, Ruleset } from './model/ruleset.js';

/** An environment, as the server lists it. */
export interface Environment {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly version: string;
  /** The number of configs that are not deleted. */
  readonly configs: number;
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
    queryFn: ({ signal }) => readRuleset(environment, signal),
  });
}
