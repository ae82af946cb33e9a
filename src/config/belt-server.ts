/** The settings of a server of copies (`holdfast serve --source`). */
import { sourceName } from '../bucket/sources.js';
import { integer, text } from './parsers.js';
import { messageOf } from '../core/errors.js';
import {
  awsOf,
  common,
  readTable,
  SettingsError,
  type CommonSettings,
  type EnvironmentVariables,
  type Table,
} from './option.js';

interface OwnSettings {
  /** Where copies are read, as belt/sources.ts reads them, each valid; at least one. May contain credentials: do not log them. */
  readonly sources: readonly string[];
  /** Where the last good copies are kept; `undefined`: in memory only. */
  readonly cacheDirectory: string | undefined;
  /** Seconds between two looks at an environment that is used. */
  readonly revalidateSeconds: number;
}

export interface BeltServerSettings extends CommonSettings, OwnSettings {}

export const copyOptions: Table<OwnSettings> = {
  sources: {
    name: 'HOLDFAST_SOURCE',
    default: '',
    shown: 'none',
    secret: true,
    help: 'Makes serve answer from copies alone, without a store, and says where they are, separated by spaces or commas: file:DIRECTORY, s3://BUCKET/PREFIX as for HOLDFAST_BELT, or https://HOST/PATH (docs/belt.md). The same as serve --source.',
    parse: (value) => value.split(/[\s,]+/).filter((url) => url !== ''),
  },
  revalidateSeconds: {
    name: 'HOLDFAST_REVALIDATE',
    default: '10',
    help: 'Seconds after which a server of copies looks again at an environment that is used. 1 to 3600.',
    parse: integer(1, 3600),
  },
  cacheDirectory: {
    name: 'HOLDFAST_CACHE',
    shown: 'none',
    help: 'Directory in which a server of copies keeps the last good ones, so that it starts while every source is down. Its own: no two processes share one.',
    parse: text,
  },
};

/** What a node has and a server of copies has not. */
const OF_NODES = [
  'HOLDFAST_STORE',
  'GRIP_URL',
  'GRIP_VERIFY_KEY',
  'HOLDFAST_HOLD',
  'HOLDFAST_ADMIN_TOKEN',
  'HOLDFAST_SECRET',
  'HOLDFAST_BELT',
];

/**
 * Reads the settings of a server of copies. Pure.
 *
 * @throws SettingsError with every problem
 */
export function readBeltServerSettings(env: EnvironmentVariables): BeltServerSettings {
  const { values, problems } = readTable<BeltServerSettings>({ ...common, ...copyOptions }, env);
  problems.push(...sourceRules(values));
  if (problems.length > 0) throw new SettingsError(problems);
  return { ...(values as Omit<BeltServerSettings, 'warnings'>), warnings: warnings(env) };
}

function sourceRules(values: Partial<BeltServerSettings>): string[] {
  const urls = values.sources ?? [];
  const problems = urls.length === 0 ? ['HOLDFAST_SOURCE names no place where copies are.'] : [];
  const names = new Set<string>();
  for (const [i, url] of urls.entries()) {
    const place = urls.length > 1 ? ` (the URL at place ${i + 1} of ${urls.length})` : '';
    try {
      const name = sourceName(url, awsOf(values));
      if (names.has(name)) problems.push(`HOLDFAST_SOURCE names one place twice${place}: ${name}.`);
      names.add(name);
    } catch (error) {
      problems.push(messageOf(error) + place);
    }
  }
  return problems;
}

function warnings(env: EnvironmentVariables): string[] {
  const given = OF_NODES.filter((name) => (env[name] ?? '').trim() !== '');
  if (given.length === 0) return [];
  return [`HOLDFAST_SOURCE makes this a server of copies, on which ${given.join(', ')} has no effect.`];
}
