/** Conversions that are checked as a commit would check them, and evaluated. */
import { expect } from 'vitest';
import type { Conversion } from '../../src/import/conversion.js';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import type { ContextValue } from '../../src/evaluate/contexts.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import { validateConfig } from '../../src/ruleset/validate.js';
import { contextsOf, ENVIRONMENT, NOW, outcome, rulesetOf } from '../evaluate/rulesets.js';

/** Evaluates one flag of a conversion for attributes of a user; `key` is the targeting key. */
export type Evaluate = (key: string, user?: Readonly<Record<string, ContextValue>>) => unknown;

/** Checks that every config could be committed, and gives their evaluation. */
export function evaluationOf({ configs }: Conversion): Evaluate {
  for (const { config, field } of readSubmittedJson({ configs })) {
    validateConfig(config, { environment: ENVIRONMENT, projectId: 3n, field });
  }
  const evaluator = new Evaluator(rulesetOf([...configs]));
  return (key, user = {}) => {
    const value = outcome(evaluator.evaluate(key, contextsOf({ user }), NOW));
    return typeof value === 'bigint' ? Number(value) : value;
  };
}

/** The findings as `subject kind`, sorted. */
export function findingsOf({ findings }: Conversion): string[] {
  return findings.map(({ subject, kind }) => `${subject} ${kind}`).sort();
}

/** The reasons that one subject is left out for. */
export function leftOut({ findings, configs }: Conversion, subject: string): string {
  expect(configs.map(({ key }) => key)).not.toContain(subject);
  const found = findings.filter((each) => each.subject === subject && each.kind === 'left out');
  expect(found).toHaveLength(1);
  return found[0]!.reason;
}

/** The share of 2,000 users that get a value. */
export function shareOf(
  evaluate: Evaluate,
  key: string,
  value: unknown,
  more: Readonly<Record<string, ContextValue>> = {},
): number {
  const users = Array.from({ length: 2_000 }, (_, i) => `user-${i}`);
  return users.filter((user) => evaluate(key, { key: user, ...more }) === value).length / users.length;
}
