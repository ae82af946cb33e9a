import { describe, expect, it } from 'vitest';
import { decodeConfigs } from '../../src/ruleset/codec.js';
import { matchesEtag, snapshot } from '../../src/cdn/snapshot.js';
import { rulesetOf } from '../subscribe/rulesets.js';

describe('a snapshot', () => {
  it('has the delta from a version, as protobuf or as proto3-JSON of the same', () => {
    const ruleset = rulesetOf(3);
    const bytes = snapshot(ruleset, 1n, 'protobuf').body() as Uint8Array;
    expect(decodeConfigs(bytes).configs?.map(({ id }) => id)).toEqual(['2', '3']);
    expect(JSON.parse(snapshot(ruleset, 1n, 'json').body() as string)).toEqual(decodeConfigs(bytes));
  });

  it('has an ETag for each environment, version and form', () => {
    const etags = [
      snapshot(rulesetOf(3), 0n, 'protobuf').etag,
      snapshot(rulesetOf(3), 0n, 'json').etag,
      snapshot(rulesetOf(4), 0n, 'protobuf').etag,
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
  ])('of %s', (header, matches) => {
    expect(matchesEtag(header, '"7-3"')).toBe(matches);
  });
});
