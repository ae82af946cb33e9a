/** Questions as the unmodified browser SDK asks them, and configs for it. */
import { Context as SdkContext } from '@prefab-cloud/prefab-cloud-js';
import type { Config, ConfigValue, Criterion } from '../../src/ruleset/model.js';
import { basic, type TestApp } from '../support/app.js';
import { flag } from '../support/configs.js';

/** Contexts as an application gives them. */
export type Given = Record<string, Record<string, string | number | boolean>>;

export interface Body {
  readonly evaluations: Record<string, { value: Record<string, unknown>; configEvaluationMetadata: object }>;
}

export function path(contexts: Given = {}): string {
  return `/api/v2/configs/eval-with-context/${new SdkContext(contexts).encode()}?collectContextMode=PERIODIC_EXAMPLE`;
}

/** The ways to ask an app. */
export function asking(app: TestApp) {
  const get = (key: string, contexts: Given = {}, headers: Record<string, string> = {}) =>
    app.http.get(path(contexts)).set({ Authorization: basic(key, 'u'), ...headers });
  return {
    get,
    evaluations: async (key: string, contexts: Given = {}): Promise<Body['evaluations']> =>
      ((await get(key, contexts).expect(200)).body as Body).evaluations,
  };
}

/** A config for clients with one value for everybody. */
export function config(key: string, valueType: string, value: ConfigValue): Config {
  return {
    key,
    configType: 'CONFIG',
    valueType,
    sendToClientSdk: true,
    rows: [{ values: [{ value }] }],
  };
}

/** A flag that is on where the criterion holds. */
export function ruled(key: string, criterion: Criterion): Config {
  const values = [{ criteria: [criterion], value: { bool: true } }, { value: { bool: false } }];
  return { ...flag(key, false), rows: [{ values }] };
}

export const isPro: Criterion = {
  propertyName: 'user.plan',
  operator: 'PROP_IS_ONE_OF',
  valueToMatch: { stringList: { values: ['pro'] } },
};
