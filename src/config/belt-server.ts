/** The settings of a belt server (`holdfast serve --source`). */
import { sourceName } from '../bucket/sources.js';
import { SettingsError, type EnvironmentVariables } from './option.js';
import type { BeltServerSettings } from './options.js';
import { checkPorts, listenWarnings } from './ports.js';
import { awsOf, checkUrls, readOptions } from './read.js';

/**
 * Reads the settings of a belt server.
 *
 * @throws SettingsError with every problem
 */
export function readBeltServerSettings(env: EnvironmentVariables): BeltServerSettings {
  const { values, problems, warnings } = readOptions('belt server', env);
  const urls = values.sources ?? [];
  if (urls.length === 0) problems.push('HOLDFAST_SOURCE names no place where copies are.');
  const nameOf = (url: string): string => sourceName(url, awsOf(values));
  problems.push(...checkUrls(urls, nameOf, 'HOLDFAST_SOURCE names one place twice'));
  const ports = checkPorts(values);
  problems.push(...ports.problems);
  if (problems.length > 0) throw new SettingsError(problems);
  const settings = values as BeltServerSettings;
  return { ...settings, warnings: [...warnings, ...ports.warnings, ...listenWarnings(settings, env)] };
}
