/** The size of the tests that try many random inputs. */
import process from 'node:process';

/** True under `npm run test:unit`, which is run again and again while code is written. */
export const quick = process.env.TEST_QUICK === '1';

/** The number of cases to run: all of them, or a tenth under `npm run test:unit`. */
export function runs(cases: number): number {
  return quick ? Math.ceil(cases / 10) : cases;
}
