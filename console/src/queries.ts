/** Queries of the pages to the server, by the keys of the query cache. */
import { queryOptions } from '@tanstack/react-query';
import { admin, type AdminSchemas } from './api.js';
import { readRuleset } from './commit.js';

export type { KeyedConfig, Ruleset } from './model/ruleset.js';

/** An environment, as the server lists it. */
export type Environment = AdminSchemas['Environment'];

/** Lists the environments that the operator reaches. */
export const environmentsQuery = queryOptions({
  queryKey: ['environments'],
  queryFn: async ({ signal }) => (await admin.get('/admin/v1/environments', { signal })).data.environments,
});

/** Reads the configs of an environment. */
export function rulesetQuery(environment: string) {
  return queryOptions({
    queryKey: ['ruleset', environment],
    queryFn: ({ signal }) => readRuleset(environment, signal),
  });
}

/** Reads one environment, with its default context. */
export function environmentQuery(id: string) {
  return queryOptions({
    queryKey: ['environments', id],
    queryFn: async ({ signal }) =>
      (await admin.get('/admin/v1/environments/{id}', { params: { path: { id } }, signal })).data,
  });
}

/** Lists the keys of an environment, without the keys themselves. */
export function keysQuery(environment: string) {
  return queryOptions({
    queryKey: ['keys', environment],
    queryFn: async ({ signal }) =>
      (
        await admin.get('/admin/v1/environments/{id}/keys', {
          params: { path: { id: environment } },
          signal,
        })
      ).data.keys,
  });
}

/** Reads which streams are held, by key. */
export function fleetQuery(environment: string) {
  return queryOptions({
    queryKey: ['fleet', environment],
    queryFn: async ({ signal }) =>
      (
        await admin.get('/admin/v1/environments/{id}/fleet', {
          params: { path: { id: environment } },
          signal,
        })
      ).data,
  });
}

/** Lists the sessions of people who signed in with the issuer. */
export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) => (await admin.get('/admin/v1/sessions', { signal })).data.sessions,
});

/** Lists operators, without their tokens. */
export const operatorsQuery = queryOptions({
  queryKey: ['operators'],
  queryFn: async ({ signal }) => (await admin.get('/admin/v1/operators', { signal })).data.operators,
});
