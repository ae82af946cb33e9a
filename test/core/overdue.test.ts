import { expect, it } from 'vitest';
import { overdueBy } from '../../src/core/overdue.js';

it.each([
  [2_000, 0],
  [2_250, 0],
  [1_500, 0],
  [2_251, 251],
  [5_000.4, 3_000],
])('a timeout of 2,000 ms that fires after %d ms is overdue by %d', (waited, late) => {
  expect(overdueBy(waited, 2_000)).toBe(late);
});
