import { describe, expect, it } from 'vitest';
import { count, type TestReport } from '../../scripts/test-count.mjs';

function report(...statuses: string[]): TestReport {
  const assertionResults = statuses.map((status, index) => ({ status, fullName: `test ${index}` }));
  const status = statuses.includes('failed') ? 'failed' : 'passed';
  return { testResults: [{ name: 'a.test.ts', status, message: '', assertionResults }] };
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
