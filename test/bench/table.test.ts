import { expect, it } from 'vitest';
import { figure, table } from '../../bench/table.js';

it('a table has names at the left and figures at the right', () => {
  expect(
    table(
      ['what', 'ms'],
      [
        ['long name', '1.5'],
        ['x', '1,000'],
      ],
    ),
  ).toBe(
    ['| what      |    ms |', '| --------- | ----: |', '| long name |   1.5 |', '| x         | 1,000 |'].join(
      '\n',
    ),
  );
});

it('a figure has three digits that say something, and all of them before the point', () => {
  const figures = [0, 0.012_345, 0.5, 5.158, 49.44, 999.96, 12_345.6];
  expect(figures.map(figure)).toEqual(['0', '0.0123', '0.5', '5.16', '49.4', '1,000', '12,346']);
});
