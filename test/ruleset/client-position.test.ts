import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundaryOfPosition,
  clientPosition,
  LAST_BOUNDARY,
  parsePosition,
  positionText,
  versionOfPosition,
} from '../../src/ruleset/client-position.js';
import { MAX_ID } from '../../src/ruleset/version.js';

const version = fc.bigInt({ min: 0n, max: MAX_ID });
const boundary = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: LAST_BOUNDARY }));

describe('a position on an event stream', () => {
  it('a position on an event stream is its client version as text until a boundary has passed, then both', () => {
    expect(positionText(clientPosition(5n, 0))).toBe('5');
    expect(positionText(clientPosition(5n, 1_795_296_825_336))).toBe('5-1795296825336');
  });

  it('a position on an event stream gives back its parts, and reads its own text', () => {
    fc.assert(
      fc.property(version, boundary, (ofVersion, ofTime) => {
        const position = clientPosition(ofVersion, ofTime);
        expect([versionOfPosition(position), boundaryOfPosition(position)]).toEqual([ofVersion, ofTime]);
        expect(parsePosition(positionText(position))).toBe(position);
      }),
    );
  });

  it('a position on an event stream is ordered by version first, then by boundary', () => {
    fc.assert(
      fc.property(version, boundary, version, boundary, (v1, b1, v2, b2) => {
        const isLess = v1 < v2 || (v1 === v2 && b1 < b2);
        expect(clientPosition(v1, b1) < clientPosition(v2, b2)).toBe(isLess);
      }),
    );
  });

  it.each([
    [undefined],
    [''],
    ['-1'],
    ['5-'],
    ['5-0'],
    ['5-01'],
    ['05-1'],
    ['5-1-1'],
    ['5 -1'],
    [`${MAX_ID + 1n}`],
    [`5-${LAST_BOUNDARY + 1}`],
  ])('a position on an event stream is not read from %s', (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });
});
