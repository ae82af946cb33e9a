/**
 * What settings are made of, and those that every process has which serves. The tables are in config.ts (nodes) and config-copies.ts (servers of
 * copies, which load nothing that is for nodes).
 */
import { HoldfastError, messageOf } from '../core/errors.js';
import type { AwsSettings } from '../bucket/location.js';
import { integer, oneOf, text } from './parsers.js';

export type LogLevel = (typeof LOG_LEVELS)[number];

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export interface CommonSettings {
  /** The address to listen on. */
  readonly host: string;
  /** The TCP port to listen on; 0 takes a free one. */
  readonly port: number;
  /** Environments that stay in memory although nobody uses them. */
  readonly environmentsInMemory: number;
  /** For buckets in S3 whose URL has no credentials or region of its own. Secrets: do not log them. */
  readonly awsAccessKeyId: string | undefined;
  readonly awsSecretAccessKey: string | undefined;
  readonly awsSessionToken: string | undefined;
  readonly awsRegion: string | undefined;
  readonly logLevel: LogLevel;
  /** Sentences about settings that are accepted but probably not meant; to be logged at start. */
  readonly warnings: readonly string[];
}

/** Settings that cannot be started with. The message is a list of every problem, a line each; it contains no secret. */
export class SettingsError extends HoldfastError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      'field_invalid',
      `Holdfast cannot start with these settings:\n${problems.map((p) => `- ${p}`).join('\n')}`,
    );
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

export interface Option<T> {
  readonly name: string;
  /** What it is when the variable is absent or empty, as text; also in the help. */
  readonly default?: string;
  /** What to show in place of a default that is no text. */
  readonly shown?: string;
  readonly help: string;
  /** It is or may contain a credential: its value is never part of a message. */
  readonly secret?: true;
  /** Throws an error whose message goes after the name: `must be …`. */
  readonly parse: (text: string) => T;
}

/** The option of each setting, in the order of the help. */
export type Table<S> = { readonly [K in Exclude<keyof S, 'warnings'>]: Option<Exclude<S[K], undefined>> };

export const common: Table<CommonSettings> = {
  port: {
    name: 'PORT',
    default: '8080',
    help: 'Port to listen on. 0 takes a free one.',
    parse: integer(0, 65_535),
  },
  host: {
    name: 'HOST',
    // Not "::", which fails on hosts and in containers without IPv6.
    default: '0.0.0.0',
    help: 'Address to listen on. The default is every IPv4 address; 127.0.0.1 is this machine only, :: is IPv4 and IPv6.',
    parse: text,
  },
  environmentsInMemory: {
    name: 'HOLDFAST_IN_MEMORY',
    default: '1000',
    help: 'Environments that stay in memory although nobody uses them, so that they are served while the store is away. Beyond these, one that was not used for two times HOLDFAST_STALENESS (on a server of copies: for 10 minutes) is dropped, and read again when it is. 0 to 1000000.',
    parse: integer(0, 1_000_000),
  },
  awsAccessKeyId: {
    name: 'AWS_ACCESS_KEY_ID',
    help: 'Key id for s3: buckets whose URL has none.',
    secret: true,
    parse: text,
  },
  awsSecretAccessKey: {
    name: 'AWS_SECRET_ACCESS_KEY',
    help: 'Its secret.',
    secret: true,
    parse: text,
  },
  awsSessionToken: {
    name: 'AWS_SESSION_TOKEN',
    help: 'Its session token, if it is temporary. It is read at the start only.',
    secret: true,
    parse: text,
  },
  awsRegion: {
    name: 'AWS_REGION',
    help: 'Region of s3: buckets whose URL has none; without either us-east-1.',
    parse: text,
  },
  logLevel: {
    name: 'LOG_LEVEL',
    default: 'info',
    help: `Least severe log line that is written: ${LOG_LEVELS.join(', ')}.`,
    parse: oneOf(LOG_LEVELS),
  },
};

/** What the commands other than `serve` read; here so that `serve` does not take them for typing errors. */
export const clientVariables = {
  url: { name: 'HOLDFAST_URL', default: 'http://127.0.0.1:8080', help: 'Where the commands find a server.' },
  key: { name: 'HOLDFAST_API_KEY', help: 'API key that commands read with.' },
  environment: { name: 'HOLDFAST_ENVIRONMENT', default: '1', help: 'Environment that commands are about.' },
} as const;

/** Reads each option of a table. A setting with a problem is left out of the values. */
export function readTable<S>(
  table: Table<S>,
  env: EnvironmentVariables,
): { values: Partial<S>; problems: string[] } {
  const problems: string[] = [];
  const read = <T>(option: Option<T>): T | undefined => {
    const given = env[option.name]?.trim();
    // An empty variable is what compose files and shells make of one that is not set.
    const value = given === undefined || given === '' ? option.default : given;
    if (value === undefined) return undefined;
    try {
      return option.parse(value);
    } catch (error) {
      problems.push(problem(option, value, error));
      return undefined;
    }
  };
  const values = Object.fromEntries(
    Object.entries<Option<unknown>>(table).map(([field, option]) => [field, read(option)]),
  ) as Partial<S>;
  return { values, problems };
}

/** A sentence for each variable that looks like a setting and is none of these names. */
export function unknownSettings(env: EnvironmentVariables, names: readonly string[]): string[] {
  return Object.keys(env)
    .sort()
    .filter((name) => name.startsWith('HOLDFAST_') && !names.includes(name))
    .map((name) => `${name} is not a setting of Holdfast and has no effect; holdfast --help lists them.`);
}

function problem(option: Option<unknown>, value: string, error: unknown): string {
  // Errors from the readers of URLs name the setting themselves.
  if (error instanceof HoldfastError) return error.message;
  const is = option.secret === true ? '' : ` It is ${JSON.stringify(value)}.`;
  return `${option.name} ${messageOf(error)}${is}`;
}

/** What `s3:` buckets use that say nothing of their own. */
export function awsOf(settings: Partial<CommonSettings>): AwsSettings {
  const { awsAccessKeyId, awsSecretAccessKey, awsSessionToken, awsRegion } = settings;
  return {
    accessKeyId: awsAccessKeyId,
    secretAccessKey: awsSecretAccessKey,
    sessionToken: awsSessionToken,
    region: awsRegion,
  };
}
