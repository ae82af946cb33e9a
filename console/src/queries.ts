/** What pages read from the server, by the keys of the query cache. */
import { queryOptions } from '@tanstack/react-query';
import type { Config } from '../../src/ruleset/model.js';
import { call } from './api.js';
import { readRuleset } from './commit.js';

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
    queryFn: ({ signal }) => readRuleset(environment, signal),
  });
}
