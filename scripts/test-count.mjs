/** Counts what Vitest reports so that nothing which did not run can pass. */

/**
 * @param report Vitest's JSON report, or `undefined` when there is none
 * @param code Vitest's exit code
 * @param chosen the arguments given to Vitest; with `-t` the tests that do not match are left out on purpose
 * @returns numbers, and a line for each failure that is not a failed test
 */
export function count(report, code, chosen = []) {
  if (report === undefined) return { passed: 0, failed: 1, notes: ['Vitest ended without a report.'] };
  const byName = chosen.some((argument) => /^(-t|--testNamePattern)(=|$)/.test(argument));
  const files = report.testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })));
  const passed = tests.filter((test) => test.status === 'passed').length;
  let failed = tests.filter((test) => test.status === 'failed').length;
  const notes = [];
  const note = (text) => {
    failed++;
    notes.push(text);
  };
  for (const test of tests) {
    const ran = test.status === 'passed' || test.status === 'failed';
    if (!ran && !byName) note(`Counted as failed, because it did not run: ${test.file}: ${test.fullName}`);
  }
  for (const file of files) {
    const explained = file.assertionResults.some((test) => test.status !== 'passed');
    if (file.status === 'failed' && !explained) note(`Counted as failed: ${file.name}: ${file.message}`);
  }
  if (code !== 0 && failed === 0) {
    note(`Counted as failed: Vitest ended with ${code} although no test failed; see the errors above.`);
  }
  if (passed + failed === 0) note('Counted as failed: no test ran.');
  return { passed, failed, notes };
}

/**
 * Adds the errors that no test caught to `report`: each fails the file that ran meanwhile, or stands for itself where that is unknown.
 *
 * @param unhandled what `unhandled-errors.mjs` wrote
 */
export function withUnhandled(report, unhandled) {
  const missing = [...unhandled];
  const testResults = report.testResults.map((file) => {
    const error = unhandled.find((one) => one.file === file.name);
    if (error === undefined) return file;
    for (const one of unhandled) if (one.file === file.name) missing.splice(missing.indexOf(one), 1);
    return file.status === 'failed' ? file : { ...file, status: 'failed', message: error.reason };
  });
  const outside = missing.map(({ reason }) => ({
    name: OUTSIDE,
    status: 'failed',
    message: reason,
    assertionResults: [],
  }));
  return { testResults: [...testResults, ...outside] };
}

/** The name of what failed outside of any file. */
const OUTSIDE = 'outside of any file';

/** More failed files than this are no accident of a busy machine. */
const MOST_RUN_AGAIN = 3;

/** Lists the failures in `report`; a file whose hooks or imports failed has no test name. */
export function failures(report) {
  return (report?.testResults ?? []).flatMap((file) => {
    const failed = file.assertionResults.filter((test) => test.status === 'failed');
    if (file.status === 'failed' && failed.length === 0) {
      return [{ test: file.name, reason: firstLine(file.message) }];
    }
    return failed.map((test) => ({
      test: `${file.name}: ${test.fullName}`,
      reason: firstLine(test.failureMessages?.[0]),
    }));
  });
}

/**
 * The files to run once more alone: those that failed, when they are few. None when something failed outside of them.
 *
 * @param report Vitest's JSON report, or `undefined` when there is none
 * @param chosen the arguments given to Vitest; somebody who chose tests looks at them and runs them again by hand
 */
export function filesToRunAgain(report, chosen = []) {
  if (report === undefined || chosen.length > 0) return [];
  const names = report.testResults.filter((file) => file.status === 'failed').map((file) => file.name);
  return names.length <= MOST_RUN_AGAIN && !names.includes(OUTSIDE) ? names : [];
}

/** `first` with the files of `second` in place of its own. */
export function mergeReports(first, second) {
  const again = new Map(second.testResults.map((file) => [file.name, file]));
  return { testResults: first.testResults.map((file) => again.get(file.name) ?? file) };
}

function firstLine(text = '') {
  return text.split('\n')[0];
}
