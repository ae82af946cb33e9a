/**
 * Segments and the configs that use them, in every state that the store ever had. Pure.
 *
 * A ruleset never refers to a segment that is missing, whatever was lost; and a change is refused
 * because of segments only if one of the states that it met was in its way.
 */
import type { CommittedConfig, Truth } from '../truth.js';
import { segmentsUsedBy } from '../content.js';
import type { Entry } from '../writers/ledger.js';
import type { Violation } from './violation.js';

/** The nodes' clock is the store's; its distance to that of the harness, milliseconds. */
const SLACK = 1_000;

export function checkSegments(entries: readonly Entry[], truth: Truth): Violation[] {
  const violations: Violation[] = [];
  const states = new Map<bigint, State[]>();
  for (const { environment, version, at, configs } of truth.history) {
    const before = states.get(environment) ?? [];
    states.set(environment, before);
    const state = next(before.at(-1), at, configs);
    before.push(state);
    const dangling = [...state.configs.values()].find((config) => isDangling(config, state));
    if (dangling === undefined) continue;
    const text = `at ${version} environment ${environment} has ${dangling.key}, which uses ${dangling.uses.join(', ')} in vain`;
    violations.push({ check: 'segments', text, at });
    break;
  }
  for (const entry of entries) {
    // A state that was lost is not in the feed.
    if ((entry.settled ?? Infinity) >= truth.lostSince(entry.intent.environment)) continue;
    if (!isRefused(entry) || wasInTheWay(entry, states.get(entry.intent.environment) ?? [])) continue;
    const { token, environment } = entry.intent;
    const text = `commit ${token} of environment ${environment} was refused because of segments that were as it needs them`;
    violations.push({ check: 'segments', text, at: entry.settled });
  }
  return violations;
}

interface State {
  readonly from: number;
  readonly configs: ReadonlyMap<string, CommittedConfig>;
}

function next(before: State | undefined, from: number, changed: readonly CommittedConfig[]): State {
  const configs = new Map(before?.configs);
  for (const config of changed) {
    // Only these take part, and few of them make the states small.
    if (config.uses.length > 0 || config.isBoolean || configs.has(config.key))
      configs.set(config.key, config);
  }
  return { from, configs };
}

function isDangling({ uses, deleted }: CommittedConfig, { configs }: State): boolean {
  return !deleted && uses.some((key) => !isSegment(configs.get(key)));
}

function isSegment(config: CommittedConfig | undefined): boolean {
  return config !== undefined && !config.deleted && config.isBoolean;
}

function isRefused({ outcome }: Entry): boolean {
  return outcome?.kind === 'refused' && outcome.reason.includes('"code":"segment_');
}

function wasInTheWay({ intent, begun, settled = Infinity }: Entry, states: readonly State[]): boolean {
  return states.some((state, index) => {
    const to = states[index + 1]?.from ?? Infinity;
    if (to < begun - SLACK || state.from > settled + SLACK) return false;
    const changed = intent.configs.map((config): CommittedConfig => {
      return {
        key: config.key ?? '',
        id: 0n,
        digest: '',
        text: undefined,
        content: '',
        deleted: config.configType === 'DELETED',
        uses: segmentsUsedBy(config),
        isBoolean: config.valueType === 'BOOL',
      };
    });
    const after = next(state, 0, changed);
    const all = [...after.configs.values()];
    return all.some((config) => isDangling(config, after)) || all.some((config) => isCircular(config, after));
  });
}

function isCircular(config: CommittedConfig, { configs }: State): boolean {
  const seen = new Set<string>();
  const reach = (key: string): boolean => {
    if (key === config.key && seen.size > 0) return true;
    if (seen.has(key)) return false;
    seen.add(key);
    const found = configs.get(key);
    return found !== undefined && !found.deleted && found.uses.some(reach);
  };
  return reach(config.key);
}
