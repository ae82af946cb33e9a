/** Settings and counts of the console's pages for environments and keys. */
import { describe, expect, it } from 'vitest';
import { nextNumber, readContext } from '../../console/src/model/environments.js';
import { streamsInWords, streamsOf } from '../../console/src/model/streams.js';

describe('settings of an environment as they are typed', () => {
  it('an empty default context is none', () => {
    expect(readContext(' \n')).toEqual({ kind: 'none' });
  });

  it('a default context is a JSON object', () => {
    expect(readContext('{"contexts": []}')).toEqual({ kind: 'context', context: { contexts: [] } });
  });

  it.each(['{', '[]', '"text"', 'null', '7'])('a default context of %s is refused', (text) => {
    expect(readContext(text)).toMatchObject({ kind: 'unreadable' });
  });

  it('a new environment gets the number after the highest one, beyond 2^53 too', () => {
    expect(nextNumber([])).toBe('1');
    expect(nextNumber([{ id: '9007199254740993' }, { id: '2' }])).toBe('9007199254740994');
  });
});

describe('streams that an act closes', () => {
  const fleet = {
    entries: [
      { key: { id: 'a' }, holds: 3 },
      { key: { id: 'b' }, holds: 1_200 },
      { key: { id: 'a' }, holds: 4 },
    ],
  };

  it('streams are counted for one key or for all', () => {
    expect(streamsOf(fleet, 'a').atLeast).toBe(7);
    expect(streamsOf(fleet).atLeast).toBe(1_207);
    expect(streamsOf(fleet, 'c').atLeast).toBe(0);
  });

  it('the number of streams is said in words', () => {
    expect(streamsInWords({ atLeast: 1 })).toBe('This closes at least 1 open stream.');
    expect(streamsInWords({ atLeast: 1_207 })).toBe('This closes at least 1,207 open streams.');
    expect(streamsInWords({ atLeast: 0 })).toContain('No open stream is known');
    expect(streamsInWords(undefined)).toContain('Counting');
  });
});
