/** Compares a flag file with an environment. Pure. */
import type { Config } from '../ruleset/model.js';
import { differences, sameContent, type ConfigDifference } from '../words/differences.js';

/** What has to change so that an environment says what a file says. */
export interface FlagFilePlan {
  /** New and changed configs, in the order of the file. */
  readonly writes: readonly Config[];
  /** Configs that exist and are to be deleted. */
  readonly deletions: readonly Config[];
  /** The same for a person. */
  readonly differences: readonly ConfigDifference[];
  /** Keys that the file does not name and that stay. */
  readonly unlisted: readonly string[];
}

/**
 * Plans the change from the configs of an environment to those of a file. Ids, projects and who
 * changed a config last are not compared.
 *
 * @param isPruned true to delete what the file does not name
 */
export function planFlagFile(
  present: readonly Config[],
  file: readonly Config[],
  isPruned: boolean,
): FlagFilePlan {
  const stored = new Map(present.map((config) => [config.key ?? '', config]));
  const named = new Map(file.map((config) => [config.key ?? '', asSent(config)]));
  const writes = [...named.values()].filter((config) => {
    const before = stored.get(config.key ?? '');
    return (
      config.configType !== 'DELETED' &&
      !(before && sameContent(withoutAuthor(before), withoutAuthor(config)))
    );
  });
  const others = present.filter(({ key = '' }) => !named.has(key));
  const deletions = [
    ...present.filter(({ key = '' }) => named.get(key)?.configType === 'DELETED'),
    ...(isPruned ? others : []),
  ];
  const before = writes.flatMap(({ key = '' }) => stored.get(key) ?? []);
  return {
    writes,
    deletions,
    differences: differences([...before, ...deletions].map(withoutAuthor), writes.map(withoutAuthor)),
    unlisted: isPruned ? [] : others.map(({ key = '' }) => key),
  };
}

/** JSON has no -0: a file with one is not different from what is stored then. */
function asSent(config: Config): Config {
  return JSON.parse(JSON.stringify(config)) as Config;
}

function withoutAuthor(config: Config): Config {
  const copy = { ...config };
  delete copy.changedBy;
  return copy;
}
