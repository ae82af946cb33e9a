import { describe, expect, it } from 'vitest';
import { matchesEtag, snapshotHead } from '../../src/cdn/snapshot.js';
import { rulesetOf } from '../subscribe/rulesets.js';

describe('the head of a snapshot', () => {
  it('the head of a snapshot has an ETag for each environment, version and form', () => {
    const etags = [
      snapshotHead(rulesetOf(3), 'protobuf').etag,
      snapshotHead(rulesetOf(3), 'json').etag,
      snapshotHead(rulesetOf(4), 'protobuf').etag,
    ];
    expect(etags).toEqual(['"7-3"', '"7-3-json"', '"7-4"']);
  });
});

describe('If-None-Match', () => {
  it.each<[string | undefined, boolean]>([
    ['"7-3"', true],
    ['W/"7-3"', true],
    ['"7-2", "7-3"', true],
    [' "7-2" ,W/"7-3" ', true],
    ['*', true],
    ['"7-2"', false],
    ['"17-3"', false],
    ['7-3', false],
    ['w/"7-3"', false],
    ['', false],
    [undefined, false],
  ])('If-None-Match of %s', (header, matches) => {
    expect(matchesEtag(header, '"7-3"')).toBe(matches);
  });
});
