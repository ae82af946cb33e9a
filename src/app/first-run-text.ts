/** The example configs of an empty store, and the texts that a start prints. Pure content. */
import type { Config, ConfigValue, Criterion } from '../ruleset/model.js';

/**
 * Returns one config of each common kind, for an environment without any; without ids, and in an
 * order in which segments come first.
 */
export function exampleConfigs(): Config[] {
  return [
    betaTesters(),
    flag('flag.welcome-banner', always(off)),
    flag(
      'flag.new-checkout',
      when(
        { propertyName: 'user.email', operator: 'PROP_ENDS_WITH_ONE_OF', valueToMatch: list('@example.com') },
        on,
      ),
      when({ operator: 'IN_SEG', valueToMatch: { string: 'segment.beta-testers' } }, on),
      always(off),
    ),
    flag(
      'flag.fast-search',
      always({
        weightedValues: {
          hashByPropertyName: 'user.id',
          weightedValues: [
            { weight: 200, value: on },
            { weight: 800, value: off },
          ],
        },
      }),
    ),
    {
      key: 'site.greeting',
      configType: 'CONFIG',
      valueType: 'STRING',
      sendToClientSdk: true,
      rows: [{ values: [always({ string: 'Hello' })] }],
    },
    {
      key: 'checkout.limits',
      configType: 'CONFIG',
      valueType: 'JSON',
      rows: [{ values: [always({ json: { json: '{"maxItems":50,"currency":"EUR"}' } })] }],
    },
    {
      key: 'log-level.shop',
      configType: 'LOG_LEVEL',
      valueType: 'LOG_LEVEL',
      rows: [{ values: [always({ logLevel: 'INFO' })] }],
    },
  ];
}

function betaTesters(): Config {
  const named: Criterion = {
    propertyName: 'user.id',
    operator: 'PROP_IS_ONE_OF',
    valueToMatch: list('alice', 'bob'),
  };
  return {
    key: 'segment.beta-testers',
    configType: 'SEGMENT',
    valueType: 'BOOL',
    rows: [{ values: [when(named, on), always(off)] }],
  };
}

/** The facts that the text of a first start has. */
export interface FirstStart {
  /** The URL of this server for clients on this machine, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The same for operators. */
  readonly adminUrl: string;
  /** The server key of environment 1. */
  readonly key: string;
  readonly adminToken: string;
}

/**
 * Formats the text of a first start: the credentials, and three lines that work as they are pasted.
 */
export function firstStartText({ url, adminUrl, key, adminToken }: FirstStart): string {
  const change = JSON.stringify({ configs: [flag('flag.welcome-banner', always(on))] });
  return `
Holdfast is running at ${url}, with environment 1 and a few example configs.

  API key      ${key}
  admin token  ${adminToken}

The key is shown this once. Paste each of these into a terminal of its own:

  subscribe (stays open; each change arrives as one event):
curl -N -u "me:${key}" ${url}/api/v1/sse/config

  change a flag:
curl -X POST ${adminUrl}/admin/v1/environments/1/changes -H "Authorization: Bearer ${adminToken}" -H "Content-Type: application/json" -d '${change}'

  read the snapshot:
curl -u "me:${key}" "${url}/api/v1/configs/0?format=json"

`;
}

/** Formats the text of a later start. */
export function laterStartText(start: {
  readonly url: string;
  /** The same for operators. */
  readonly adminUrl: string;
  /** The store's name, without credentials. */
  readonly store: string;
  /** The file that has the generated admin token; absent when the token was given as a setting. */
  readonly tokenFile?: string | undefined;
}): string {
  const { url, adminUrl, store, tokenFile } = start;
  const token = tokenFile === undefined ? 'the one that was set' : `in ${tokenFile}`;
  return `
Holdfast is running at ${url}, with the data in ${store}.

The keys of earlier starts are still valid. The admin token is ${token}. To make another key:
curl -X POST ${adminUrl}/admin/v1/environments/1/keys -H "Authorization: Bearer <admin token>" -H "Content-Type: application/json" -d '{"kind":"server"}'

`;
}

const on: ConfigValue = { bool: true };
const off: ConfigValue = { bool: false };

type Conditional = { criteria?: Criterion[]; value: ConfigValue };

function flag(key: string, ...values: Conditional[]): Config {
  return { key, configType: 'FEATURE_FLAG', valueType: 'BOOL', rows: [{ values }] };
}

function when(criterion: Criterion, value: ConfigValue): Conditional {
  return { criteria: [criterion], value };
}

function always(value: ConfigValue): Conditional {
  return { value };
}

function list(...values: string[]): ConfigValue {
  return { stringList: { values } };
}
