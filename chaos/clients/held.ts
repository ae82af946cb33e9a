/** Compares what a client has with what is true. Pure. */
import type { Truth } from '../truth.js';
import type { Journal } from './journal.js';

/**
 * The first difference between what a client has and the store; `undefined` when there is none.
 * What the store lost may be with clients still, if the harness made the store lose it: a lost id
 * is above the store's own.
 */
export function differences(journal: Journal, truth: Truth): string | undefined {
  const ruleset = truth.rulesets.get(journal.environment);
  if (ruleset === undefined) return `the store has no environment ${journal.environment}`;
  const isLost = (key: string, id: bigint): boolean =>
    truth.loss === 'forgiven' && !truth.knows(journal.environment, key, id);
  for (const { key, id, digest } of ruleset.configs.values()) {
    const held = journal.held.get(key);
    if (held === undefined) return `lacks ${key}, which is at ${id}`;
    if (held.id === id && held.digest !== digest) return `has other bytes for ${key} at ${id}`;
    if (held.id !== id && !(held.id > id && isLost(key, held.id)))
      return `has ${key} at ${held.id}, and the store at ${id}`;
  }
  for (const { key, id } of journal.held.values()) {
    if (!ruleset.configs.has(key) && !isLost(key, id)) return `has ${key}, which the store does not know`;
  }
  if (journal.position !== ruleset.version) {
    return `stands at ${journal.position}, and the store at ${ruleset.version}`;
  }
  return journal.context === ruleset.context
    ? undefined
    : `has the default context ${journal.context ?? 'none'}, and the store ${ruleset.context ?? 'none'}`;
}
