/** A writer's intended commit, and its outcome. */
import type { Config } from '../../src/ruleset/model.js';
import { deletion, flag, text } from '../../test/support/configs.js';
import type { Random } from '../random.js';

export interface Intent {
  /**
   * Unique in the run; also the value of every string config in it, so that the feed shows which
   * intent an entry is.
   */
  readonly token: string;
  readonly environment: bigint;
  readonly configs: readonly Config[];
  /** True when it must be committed, false when it must be refused. */
  readonly valid: boolean;
  /** Error codes with which a valid change may be refused all the same: it met another's change. */
  readonly mayMeet?: readonly string[];
  /** True when its configs have ids of their own, which may run ahead of the clock. */
  readonly givesIds?: boolean;
  /** True when it sets the default context to its token, and no configs. */
  readonly isSettings?: boolean;
}

/** A key that every commit of one writer sets to its token. */
export function writerKey(writer: string): string {
  return `writer.${writer}`;
}

/** The token of a writer's n-th intent. */
export function tokenOf(writer: string, n: number): string {
  return `${writer}-${n}`;
}

/** Which of its writer's intents a token is of. */
export function numberOf(token: string): number {
  return Number(token.slice(token.lastIndexOf('-') + 1));
}

/** Keys whose values are tokens: each value of them is unique. */
export const TEXT_KEYS = Array.from({ length: 10 }, (_, index) => `text.${index}`);
const FLAG_KEYS = Array.from({ length: 6 }, (_, index) => `flag.${index}`);
const LARGE_KEYS = ['large.0', 'large.1'];
const MANY_KEYS = Array.from({ length: 60 }, (_, index) => `many.${index}`);

/** A string of this many characters, which alone is most of an event. */
const LARGE = 30_000;
/** A string of this many characters, sixty of which are two events. */
const MIDDLE = 1_000;

/** The configs that every environment begins with. */
export function firstConfigs(token: string): Config[] {
  return [...TEXT_KEYS.map((key) => text(key, token)), ...FLAG_KEYS.map((key) => flag(key, false))];
}

/**
 * Draws a change: mostly small, as people make them, and sometimes one that takes several events.
 */
export function drawConfigs(writer: string, token: string, random: Random): Config[] {
  const own = text(writerKey(writer), token);
  const lot = random.next();
  if (lot < 0.5) return [text(random.pick(TEXT_KEYS), token), own];
  if (lot < 0.65) return [flag(random.pick(FLAG_KEYS), random.chance(0.5)), own];
  if (lot < 0.78) return [deletion(random.pick(TEXT_KEYS)), own];
  if (lot < 0.92) {
    const several = random.shuffled(TEXT_KEYS).slice(0, random.integer(2, 6));
    return [...several.map((key) => text(key, token)), own];
  }
  if (lot < 0.97) return [text(random.pick(LARGE_KEYS), padded(token, LARGE)), own];
  return [...MANY_KEYS.map((key) => text(key, padded(token, MIDDLE))), own];
}

/** A change that no way in may take: a config of it is a deletion with rows. */
export function invalidConfigs(writer: string, token: string): Config[] {
  const own = text(writerKey(writer), token);
  return [own, { ...text('text.0', token), configType: 'DELETED' }];
}

function padded(token: string, length: number): string {
  return token.padEnd(length, '.');
}
