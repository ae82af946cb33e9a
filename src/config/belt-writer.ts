/**
 * The settings of the belt: of a belt writer (`holdfast belt`), and of a node that writes copies.
 */
import { bucketName, parseBucketLocation } from '../bucket/location.js';
import { SettingsError, type EnvironmentVariables } from './option.js';
import type { BeltWriterSettings } from './options.js';
import { awsOf, checkUrls, readOptions } from './read.js';

/**
 * Reads the settings of a belt writer.
 *
 * @throws SettingsError with every problem
 */
export function readBeltWriterSettings(env: EnvironmentVariables): BeltWriterSettings {
  const { values, problems, warnings } = readOptions('belt writer', env);
  if ((values.beltUrls ?? []).length === 0) problems.push('HOLDFAST_BELT names no bucket to copy to.');
  problems.push(...bucketProblems(values));
  if (problems.length > 0) throw new SettingsError(problems);
  return { ...(values as BeltWriterSettings), warnings };
}

/** A sentence for each bucket that cannot be written to as it is named. */
export function bucketProblems(values: Partial<BeltWriterSettings>): string[] {
  const nameOf = (url: string): string => bucketName(parseBucketLocation(url, awsOf(values)));
  return checkUrls(values.beltUrls ?? [], nameOf, 'HOLDFAST_BELT names one bucket twice');
}
