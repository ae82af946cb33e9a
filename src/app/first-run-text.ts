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
  /** The console, with a code that signs in once. */
  readonly consoleUrl: string;
  /** The server key of environment 1. */
  readonly key: string;
  readonly adminToken: string;
}

/**
 * Formats the text of a first start: the credentials, and three lines that work as they are pasted.
 */
export function firstStartText({ url, adminUrl, consoleUrl, key, adminToken }: FirstStart): string {
  const change = JSON.stringify({ configs: [flag('flag.welcome-banner', always(on))] });
  return `
Holdfast is running at ${url}, with environment 1 and a few example configs.

  API key      ${key}
  admin token  ${adminToken}

Open the console (the link signs in once, within 15 minutes):

  ${consoleUrl}

In this folder the commands find the server and both by themselves. Change a flag and see it:

  npx holdfast tail
  npx holdfast set flag.welcome-banner true

The same over HTTP; paste each of these into a terminal of its own:

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
  /** The console, with a code that signs in once. */
  readonly consoleUrl: string;
  /** The store's name, without credentials. */
  readonly store: string;
  /** The file that has the generated admin token; absent when the token was given as a setting. */
  readonly tokenFile?: string | undefined;
}): string {
  const { url, adminUrl, consoleUrl, store, tokenFile } = start;
  const commands =
    tokenFile === undefined
      ? `The admin token is the one that was set: give it to the commands as HOLDFAST_ADMIN_TOKEN, with HOLDFAST_URL=${adminUrl}.`
      : `The admin token is in ${tokenFile}; in this folder the commands find it by themselves.`;
  return `
Holdfast is running at ${url}, with the data in ${store}.

Open the console (the link signs in once, within 15 minutes):

  ${consoleUrl}

The keys of earlier starts are still valid. ${commands} To make another key:

  npx holdfast keys create

`;
}

/** Formats the text of a start with an empty store that stays empty. */
export function emptyStartText({ url, store }: { readonly url: string; readonly store: string }): string {
  return `
Holdfast is running at ${url}, with nothing in ${store} (HOLDFAST_EXAMPLES=off). Bring back what there was:

  npx holdfast restore backup.json

or begin with an environment and a key:

  npx holdfast environments put 1 --project 1 --name Development
  npx holdfast keys create

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
