/** Reads the options of one kind of process from the environment and the files that it names. */
import type { AwsSettings } from '../bucket/location.js';
import { messageOf } from '../core/errors.js';
import { parseOption, type EnvironmentVariables, type Option, type Role } from './option.js';
import { nameWarnings } from './names.js';
import { options, type CommonSettings, type SettingsOf } from './options.js';

/**
 * Values that could be read, without those that have a problem, and a sentence for each problem.
 */
export interface ReadOptions<S> {
  readonly values: Partial<S>;
  readonly problems: string[];
  readonly warnings: string[];
}

/**
 * Reads every option that has the role. Options of other roles are not parsed: each one that is
 * given is a warning.
 */
export function readOptions<R extends Role>(role: R, env: EnvironmentVariables): ReadOptions<SettingsOf<R>> {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [field, option] of Object.entries<Option<Role, unknown>>(options)) {
    if (!option.roles.includes(role)) continue;
    const parsed = parseOption(option, env);
    if ('problem' in parsed) problems.push(parsed.problem);
    else values[field] = parsed.value;
  }
  return { values: values as Partial<SettingsOf<R>>, problems, warnings: nameWarnings(role, env) };
}

/** The credentials and region for `s3:` buckets whose URL has none. */
export function awsOf(settings: Partial<CommonSettings>): AwsSettings {
  const { awsAccessKeyId, awsSecretAccessKey, awsSessionToken, awsRegion } = settings;
  return {
    accessKeyId: awsAccessKeyId,
    secretAccessKey: awsSecretAccessKey,
    sessionToken: awsSessionToken,
    region: awsRegion,
  };
}

/**
 * Checks URLs that are given in one variable, each by `nameOf`, which throws what is wrong with it.
 *
 * @param nameOf returns the URL's name without credentials, under which it may be there only once
 * @param twice the beginning of the sentence about a name that is there twice
 * @returns a sentence for each problem
 */
export function checkUrls(
  urls: readonly string[],
  nameOf: (url: string) => string,
  twice?: string,
): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  for (const [i, url] of urls.entries()) {
    const place = urls.length > 1 ? ` (the URL at place ${i + 1} of ${urls.length})` : '';
    try {
      const name = nameOf(url);
      if (twice !== undefined && names.has(name)) problems.push(`${twice}${place}: ${name}.`);
      names.add(name);
    } catch (error) {
      problems.push(messageOf(error) + place);
    }
  }
  return problems;
}
