export interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

export function count(
  report: TestReport | undefined,
  code: number,
  chosen?: readonly string[],
): { passed: number; failed: number; notes: string[] };

export interface Failure {
  readonly test: string;
  readonly reason: string;
}

export function failures(report: TestReport | undefined): Failure[];
export function filesToRunAgain(report: TestReport | undefined, chosen?: readonly string[]): string[];
export function mergeReports(first: TestReport, second: TestReport): TestReport;

export interface UnhandledError {
  readonly file?: string | undefined;
  readonly reason: string;
}

export function withUnhandled(report: TestReport, unhandled: readonly UnhandledError[]): TestReport;
