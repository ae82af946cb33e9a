import { describe, expect, it } from 'vitest';
import {
  count,
  failures,
  filesToRunAgain,
  mergeReports,
  withUnhandled,
  type TestReport,
} from '../../scripts/test-count.mjs';

function report(...statuses: string[]): TestReport {
  return reportOf('a.test.ts', ...statuses);
}

function reportOf(name: string, ...statuses: string[]): TestReport {
  const assertionResults = statuses.map((status, index) => ({
    status,
    fullName: `test ${index}`,
    ...(status === 'failed' && { failureMessages: ['Error: late\n    at a.test.ts'] }),
  }));
  const status = statuses.includes('failed') ? 'failed' : 'passed';
  return { testResults: [{ name, status, message: '', assertionResults }] };
}

describe('the last line of npm test', () => {
  it('the last line of npm test counts what passed and what failed', () => {
    expect(count(report('passed', 'failed', 'passed'), 1)).toEqual({ passed: 2, failed: 1, notes: [] });
  });

  it.each(['skipped', 'pending', 'todo', 'disabled'])(
    'the last line of npm test counts a test that is %s as failed, and names it',
    (status) => {
      const result = count(report('passed', status), 0);
      expect(result).toMatchObject({ passed: 1, failed: 1 });
      expect(result.notes).toEqual([expect.stringContaining('a.test.ts: test 1')]);
    },
  );

  it('the last line of npm test leaves out the tests that were not chosen by name', () => {
    expect(count(report('passed', 'skipped'), 0, ['-t', 'test 0'])).toMatchObject({ passed: 1, failed: 0 });
  });

  it('the last line of npm test counts a file that could not be loaded as failed', () => {
    const broken = { name: 'b.test.ts', status: 'failed', message: 'no such module', assertionResults: [] };
    const result = count({ testResults: [...report('passed').testResults, broken] }, 1);
    expect(result).toMatchObject({ passed: 1, failed: 1 });
    expect(result.notes).toEqual([expect.stringContaining('b.test.ts: no such module')]);
  });

  it('the last line of npm test counts a file whose hook failed after its tests as failed', () => {
    const [file] = report('passed').testResults;
    const result = count({ testResults: [{ ...file!, status: 'failed', message: 'afterAll' }] }, 1);
    expect(result).toMatchObject({ passed: 1, failed: 1 });
  });

  it('the last line of npm test counts an exit code that no test explains as a failure', () => {
    expect(count(report('passed'), 1)).toMatchObject({ passed: 1, failed: 1 });
  });

  it('the last line of npm test counts a run without a report as failed', () => {
    expect(count(undefined, 139)).toMatchObject({ passed: 0, failed: 1 });
  });

  it('the last line of npm test counts a run without a test as failed', () => {
    expect(count({ testResults: [] }, 0)).toMatchObject({ passed: 0, failed: 1 });
  });
});

describe('files that failed', () => {
  const failing = (...names: string[]) => ({
    testResults: names.flatMap((name) => reportOf(name, 'passed', 'failed').testResults),
  });

  it('three files that failed are run again, and those that passed are not', () => {
    const all = {
      testResults: [...failing('a', 'b', 'c').testResults, ...reportOf('d', 'passed').testResults],
    };
    expect(filesToRunAgain(all)).toEqual(['a', 'b', 'c']);
  });

  it('four files that failed are not run again', () => {
    expect(filesToRunAgain(failing('a', 'b', 'c', 'd'))).toEqual([]);
  });

  it('files that were chosen by hand are not run again', () => {
    expect(filesToRunAgain(failing('a'), ['test/a'])).toEqual([]);
  });

  it('a run without a report is not run again', () => {
    expect(filesToRunAgain(undefined)).toEqual([]);
  });

  it('the second run of a file counts in place of its first, and the other files stay', () => {
    const first = failing('a', 'b');
    const merged = mergeReports(first, reportOf('b', 'passed', 'passed'));
    expect(failures(merged)).toEqual([{ test: 'a: test 1', reason: 'Error: late' }]);
    expect(count(merged, 1)).toMatchObject({ passed: 3, failed: 1 });
  });

  it('a file that fails twice stays failed', () => {
    const merged = mergeReports(failing('a'), failing('a'));
    expect(count(merged, 1)).toMatchObject({ passed: 1, failed: 1 });
  });

  it('the failure of a file without tests is told by the first line of its message', () => {
    const broken = { name: 'b', status: 'failed', message: 'no such module\n at b', assertionResults: [] };
    expect(failures({ testResults: [broken] })).toEqual([{ test: 'b', reason: 'no such module' }]);
  });

  it('a file whose tests passed is run again when an error that no test caught came from it', () => {
    const late = withUnhandled(reportOf('a', 'passed'), [{ file: 'a', reason: 'Error: closed' }]);
    expect(filesToRunAgain(late)).toEqual(['a']);
    expect(failures(late)).toEqual([{ test: 'a', reason: 'Error: closed' }]);
    expect(count(late, 1)).toMatchObject({ passed: 1, failed: 1 });
    expect(count(mergeReports(late, reportOf('a', 'passed')), 0)).toMatchObject({ passed: 1, failed: 0 });
  });

  it('a file that failed keeps its failures when an error that no test caught came from it too', () => {
    const both = withUnhandled(failing('a'), [{ file: 'a', reason: 'Error: closed' }]);
    expect(failures(both)).toEqual([{ test: 'a: test 1', reason: 'Error: late' }]);
  });

  it('an error outside of any file counts as failed, and nothing is run again', () => {
    const outside = withUnhandled(failing('a'), [{ reason: 'Error: closed' }]);
    expect(filesToRunAgain(outside)).toEqual([]);
    expect(count(outside, 1)).toMatchObject({ passed: 1, failed: 2 });
  });
});
