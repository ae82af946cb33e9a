/**
 * Changes of segments and of the flags that use them: what one writer deletes, another begins to
 * use at the same time through another node.
 */
import type { Config, Criterion } from '../../src/ruleset/model.js';
import { deletion, text } from '../../test/support/configs.js';
import type { Random } from '../random.js';
import type { Style } from './http.js';
import { writerKey } from './intent.js';

const SEGMENTS = ['segment.0', 'segment.1', 'segment.2'];
const USERS = ['user.0', 'user.1', 'user.2', 'user.3'];

/** Makes, uses, deletes and makes segments again. */
export const SEGMENT_STYLE: Style = {
  draw: ({ writer, token, random }) => [...draw(token, random), text(writerKey(writer), token)],
  // A segment that another deleted; one that another uses; one that is used the other way round.
  mayMeet: ['segment_missing', 'segment_circular'],
  pace: [150, 450],
};

function draw(token: string, random: Random): Config[] {
  const lot = random.next();
  const key = random.pick(SEGMENTS);
  const user = random.pick(USERS);
  if (lot < 0.2) return [segment(key, token)];
  if (lot < 0.3) return [segment(key, token, random.pick(SEGMENTS.filter((other) => other !== key)))];
  if (lot < 0.5) return [userOf(user, key, token)];
  if (lot < 0.65) return [segment(key, token), userOf(user, key, token)];
  if (lot < 0.75) return [deletion(user)];
  if (lot < 0.9) return [deletion(key)];
  return [deletion(key), ...USERS.map((each) => deletion(each))];
}

/** A segment of the one user whose key is the token: false for all others. */
export function segment(key: string, token: string, within?: string): Config {
  const own: Criterion = {
    propertyName: 'user.key',
    operator: 'PROP_IS_ONE_OF',
    valueToMatch: { stringList: { values: [token] } },
  };
  const criteria = within === undefined ? [own] : [own, inSegment(within)];
  const values = [{ criteria, value: { bool: true } }, { value: { bool: false } }];
  return { key, configType: 'SEGMENT', valueType: 'BOOL', rows: [{ values }] };
}

/** A flag that refers to a segment and comes to the same either way. */
export function userOf(key: string, segmentKey: string, token: string): Config {
  const value = { string: token };
  const values = [{ criteria: [inSegment(segmentKey)], value }, { value }];
  return { key, configType: 'FEATURE_FLAG', valueType: 'STRING', rows: [{ values }] };
}

function inSegment(key: string): Criterion {
  return { operator: 'IN_SEG', valueToMatch: { string: key } };
}
