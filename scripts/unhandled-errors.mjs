import { writeFileSync } from 'node:fs';
import process from 'node:process';

/**
 * A reporter of Vitest's: writes the errors that no test caught to the file that `TEST_UNHANDLED_ERRORS` names, because the JSON
 * report leaves them out. Each has a `reason`, and the `file` that ran meanwhile where Vitest knows it.
 */
export default class UnhandledErrors {
  onTestRunEnd(_modules, errors) {
    const told = errors.map((error) => ({
      file: error.VITEST_TEST_PATH,
      reason: `${error.name ?? 'Error'}: ${error.message}`,
    }));
    writeFileSync(process.env.TEST_UNHANDLED_ERRORS, JSON.stringify(told));
  }
}
