/** Lines that are longer than those of the terminal. */
import { describe, expect, it } from 'vitest';
import { tellFailure } from '../../src/cli/failure.js';
import { wrapLine } from '../../src/cli/wrap.js';

describe('wrapLine', () => {
  it.each([
    ['a line that fits stays', 'one two', 7, ['one two']],
    ['a longer line is broken at a space', 'one two three', 7, ['one two', 'three']],
    [
      'what follows an indented line is indented further',
      '  one two three four',
      11,
      ['  one two', '      three', '      four'],
    ],
    ['a longer word is left to the terminal', 'one threefour five', 5, ['one', 'threefour', 'five']],
    ['without a terminal nothing is broken', 'one two', undefined, ['one two']],
  ])('%s', (_, line, width, expected) => {
    expect(wrapLine(line, width)).toEqual(expected);
  });

  it('a failure is broken at words on a terminal, and one line elsewhere', () => {
    const told = (terminal: object): string => {
      let text = '';
      tellFailure(new Error('no such flag here'), {
        ...terminal,
        write: (part: string) => ((text += part), true),
      });
      return text;
    };
    expect(told({ isTTY: true, columns: 20 })).toBe('holdfast: no such\nflag here\n');
    expect(told({})).toBe('holdfast: no such flag here\n');
  });
});
