export interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

export function count(
  report: TestReport | undefined,
  code: number,
  chosen?: readonly string[],
): { passed: number; failed: number; notes: string[] };
