/** `show`: the configs as they are. */
import { HoldfastError } from '../../core/errors.js';
import type { Config } from '../../ruleset/model.js';
import type { Api } from '../api.js';
import type { CommandIO } from '../io.js';
import { columns, count } from '../format.js';
import { describeConfig, formatTime, timeOfId } from '../value.js';

/** Prints the configs of an environment; `show`. */
export async function showConfigs(
  api: Api,
  around: CommandIO,
  options: { key: string | undefined; environment: string; json: boolean },
): Promise<void> {
  const { configs, environment } = await api.present(options.environment);
  const { key } = options;
  if (key !== undefined) {
    const config = configs.find((candidate) => candidate.key === key);
    if (config === undefined) {
      throw new HoldfastError('not_found', `There is no config ${JSON.stringify(key)}.`);
    }
    around.stdout.write(`${JSON.stringify(config, null, 2)}\n`);
    return;
  }
  const sorted = [...configs].sort((a, b) => ((a.key ?? '') < (b.key ?? '') ? -1 : 1));
  if (options.json) {
    around.stdout.write(
      `${JSON.stringify({ configs: sorted, configServicePointer: { projectEnvId: environment } }, null, 2)}\n`,
    );
    return;
  }
  const rows = sorted.map((config) => rowOf(config, environment, around.now()));
  around.stdout.write(columns([['KEY', 'TYPE', 'VALUE', 'ID', 'CHANGED'], ...rows]));
  around.stderr.write(`${count(configs.length, 'config')}\n`);
}

function rowOf(config: Config, environment: string, now: number): string[] {
  const { key = '', configType = '', id = '' } = config;
  return [key, configType, describeConfig(config, environment), id, formatTime(timeOfId(id, now))];
}
