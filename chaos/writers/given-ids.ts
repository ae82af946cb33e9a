/**
 * Changes whose ids are given by their source, as an import with --keep-ids and a producer with a
 * database of its own do.
 */
import { deletion, text } from '../../test/support/configs.js';
import type { Random } from '../random.js';
import type { Style } from './http.js';
import { TEXT_KEYS, writerKey } from './intent.js';

const GIVEN_KEYS = ['given.0', 'given.1', 'given.2', ...TEXT_KEYS.slice(0, 2)];
/** Mostly the next ids, sometimes far beyond: a minute ahead in units of 100 ns. */
const GAP: readonly [number, number] = [1, 1_000];
const FAR = 600_000_000;

/** Gives each config an id above the version that the environment had a moment ago. */
export const GIVEN_IDS_STYLE: Style = {
  draw: ({ writer, token, random, version }) => {
    const keys = random.shuffled(GIVEN_KEYS).slice(0, random.integer(1, 3));
    const configs = keys.map((key) => (random.chance(0.2) ? deletion(key) : text(key, token)));
    let id = version;
    return [...configs, text(writerKey(writer), token)].map((config) => {
      id += BigInt(gap(random));
      return { ...config, id: `${id}` };
    });
  },
  givesIds: true,
  // Another change was first, and its ids are above the given ones.
  mayMeet: ['id_conflict'],
  pace: [300, 900],
};

function gap(random: Random): number {
  return random.chance(0.02) ? FAR : random.integer(...GAP);
}
