/** `show`: the configs as they are. */
import { HoldfastError } from '../../core/errors.js';
import type { Config } from '../../ruleset/model.js';
import { answer, type CommandContext } from '../context.js';
import { count } from '../format.js';
import { formatTime, timeOfId } from '../value.js';
import { summarizeConfig } from '../../words/configs.js';

/** Prints the configs of an environment, or the one with that key; `show`. */
export async function showConfigs(context: CommandContext, key: string | undefined): Promise<void> {
  const api = await context.api();
  const { configs, environment } = await api.present(context.environment());
  if (key !== undefined) {
    const config = configs.find((candidate) => candidate.key === key);
    if (config === undefined) {
      throw new HoldfastError('not_found', `There is no config ${JSON.stringify(key)}.`);
    }
    context.out.json(config);
    return;
  }
  const sorted = [...configs].sort((a, b) => ((a.key ?? '') < (b.key ?? '') ? -1 : 1));
  answer(context, { configs: sorted, configServicePointer: { projectEnvId: environment } }, (out) => {
    const rows = sorted.map((config) => rowOf(config, environment, context.around.now()));
    out.table([['KEY', 'TYPE', 'VALUE', 'ID', 'CHANGED'], ...rows], 'VALUE');
    context.err.line(count(configs.length, 'config'));
  });
}

function rowOf(config: Config, environment: string, now: number): string[] {
  const { key = '', configType = '', id = '' } = config;
  return [key, configType, summarizeConfig(config, environment), id, formatTime(timeOfId(id, now))];
}
