/**
 * That the validation of our answers can fail, and that the public schema must be mended for it to
 * succeed.
 */
import { describe, expect, it } from 'vitest';
import { publicDocument, Schemas } from './schema.js';

const schemas = new Schemas();
const flag = (value: unknown) => ({ key: 'a', reason: 'STATIC', variant: 'x', metadata: {}, value });

describe('the public schema', () => {
  it('the public schema refuses every value when it is read to the letter, its own examples included', () => {
    const literal = new Schemas(publicDocument());
    const example = { key: 'discount-banner', value: true, reason: 'TARGETING_MATCH', variant: 'enabled' };
    expect(literal.problems('serverEvaluationSuccess', example)).not.toEqual([]);
    expect(schemas.problems('serverEvaluationSuccess', example)).toEqual([]);
  });

  it.each([true, 'x', 3, 1.5, { a: [1] }, ['a']])('mended, takes the value %j', (value) => {
    expect(schemas.problems('evaluationSuccess', flag(value))).toEqual([]);
  });

  it('mended, takes a flag without a value, and no flag whose value is null', () => {
    expect(schemas.problems('evaluationSuccess', { key: 'a', reason: 'UNKNOWN' })).toEqual([]);
    expect(schemas.problems('evaluationSuccess', flag(null))).not.toEqual([]);
  });

  it.each([
    ['a reason that it has not', 'evaluationSuccess', { ...flag(true), reason: 'DEFAULT' }],
    ['metadata that is not flat', 'evaluationSuccess', { ...flag(true), metadata: { a: { b: 1 } } }],
    ['a code that it has not', 'evaluationFailure', { key: 'a', errorCode: 'TYPE_MISMATCH' }],
    [
      'a stream in two places',
      'eventStream',
      { type: 'sse', url: 'https://x/y', endpoint: { requestUri: '/y' } },
    ],
    ['a stream in no place', 'eventStream', { type: 'sse' }],
    ['no flags', 'bulkEvaluationSuccess', { metadata: {} }],
  ])('the public schema refuses %s', (_what, name, value) => {
    expect(schemas.problems(name, value)).not.toEqual([]);
  });
});
