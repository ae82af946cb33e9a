/** `show`: the configs as they are. */
import type { Config } from '../../ruleset/model.js';
import { answer, type CommandContext } from '../context.js';
import { count } from '../format.js';
import { describeConfig, summarizeConfig } from '../../words/configs.js';
import { styled } from '../cell.js';
import { presentConfig } from './edit.js';
import { formatTime, timeOfId } from '../value.js';

/** Prints the configs of an environment, or the one with that key; `show`. */
export async function showConfigs(context: CommandContext, key: string | undefined): Promise<void> {
  const api = await context.api();
  const { configs, environment, projectId, defaultContext } = await api.present(context.environment());
  if (key !== undefined) {
    const config = presentConfig(configs, key);
    answer(context, config, (out) => {
      out.line(styled('bold', key));
      for (const line of describeConfig(config, environment)) out.line('  ', line);
      const changed = formatTime(timeOfId(config.id, context.around.now()));
      out.line(styled('dim', `  id ${config.id ?? ''}${changed === '' ? '' : `, changed ${changed}`}`));
    });
    return;
  }
  const sorted = [...configs].sort((a, b) => ((a.key ?? '') < (b.key ?? '') ? -1 : 1));
  const datafile = {
    configs: sorted,
    defaultContext,
    configServicePointer: { projectId, projectEnvId: environment },
  };
  answer(context, datafile, (out) => {
    const rows = sorted.map((config) => rowOf(config, environment, context.around.now()));
    out.table([['KEY', 'TYPE', 'VALUE', 'ID', 'CHANGED'], ...rows], 'VALUE');
    context.err.line(count(configs.length, 'config'));
  });
}

function rowOf(config: Config, environment: string, now: number): string[] {
  const { key = '', configType = '', id = '' } = config;
  return [key, configType, summarizeConfig(config, environment), id, formatTime(timeOfId(id, now))];
}
