/** The order of configs in which a segment comes before its users. Pure. */
import type { Config } from '../ruleset/model.js';
import { referencesOf } from '../ruleset/segments.js';

/**
 * Returns the same configs, each after the segments that it uses; otherwise in their order. Segments
 * that use each other in a circle stay somewhere: the server refuses them.
 */
export function segmentsFirst(configs: readonly Config[]): Config[] {
  const byKey = new Map(configs.map((config) => [config.key ?? '', config]));
  const placed = new Set<Config>();
  const ordered: Config[] = [];
  // A stack of its own instead of recursion: nothing bounds how deep segments are nested.
  for (const start of configs) {
    const stack: { readonly config: Config; readonly needs: Iterator<string> }[] = [];
    const enter = (config: Config) => {
      if (placed.has(config)) return;
      placed.add(config);
      stack.push({ config, needs: segmentKeysOf(config).values() });
    };
    enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.needs.next();
      if (next.done === true) {
        ordered.push(top.config);
        stack.pop();
      } else {
        const needed = byKey.get(next.value);
        if (needed !== undefined) enter(needed);
      }
    }
  }
  return ordered;
}

/** Returns the keys of the segments that the rules of a config name. */
export function segmentKeysOf(config: Config): Set<string> {
  return new Set(referencesOf(config).map(({ key }) => key));
}
