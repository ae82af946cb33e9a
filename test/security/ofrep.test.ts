/**
 * Input to evaluation, from any body: it is refused with a reason, or answered as the public schema
 * says, the same each time.
 */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import { ONE_TURN } from '../../src/evaluate/work-slices.js';
import { flagBody, FlagAnswers } from '../../src/ofrep/answer.js';
import { readOfrepContexts } from '../../src/ofrep/contexts.js';
import { evaluateFlags, evaluateFlag } from '../../src/ofrep/evaluate.js';
import { encodeConfig, encodeEnvelope } from '../../src/ruleset/codec.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { bodyText } from '../ofrep/arbitrary.js';
import { ANSWERED, FLAGS } from '../ofrep/flags.js';
import { Schemas } from '../ofrep/schema.js';
import { CASES, checkAsync, refusedOr } from './cases.js';

// These take seconds on an idle machine, and longer next to other tests.
vi.setConfig({ testTimeout: 120_000 });

const schemas = new Schemas();
const evaluator = new Evaluator(
  new Ruleset({
    environment: 1n,
    version: 100n,
    at: 100n,
    envelope: encodeEnvelope({ id: 1n, projectId: 1n }),
    configs: FLAGS.map((config, i) => encodeConfig({ ...config, id: `${i + 1}` })),
  }),
);
const answers = new FlagAnswers();
const onUnresolved = () => undefined;

/** Also of names that no flag has. */
const flag = fc.oneof(fc.constantFrom(...ANSWERED), fc.string({ unit: 'binary', maxLength: 8 }));

describe('any body of a request for evaluation', () => {
  it(`any body of a request for evaluation is refused with a reason or answered as the public schema says (${CASES['OpenFeature bodies']} cases)`, async () => {
    const outcomes = await checkAsync('OpenFeature bodies', fc.tuple(bodyText, flag), async ([text, key]) => {
      let contexts: ReturnType<typeof readOfrepContexts> | undefined;
      const outcome = refusedOr(() => {
        let body: unknown;
        try {
          body = JSON.parse(text);
        } catch {
          return 'no JSON';
        }
        contexts = readOfrepContexts(body);
        return 'read';
      });
      if (contexts === undefined) return outcome;
      const question = { evaluator, answers, ...contexts, now: 1_800_000_000_000, onUnresolved };
      const all = evaluateFlags(question, 100n, []);
      const body = [...((await all.body(ONE_TURN))?.pieces ?? [])].join('');
      const answer = JSON.parse(body) as { flags: { key: string }[] };
      expect(schemas.problems('bulkEvaluationSuccess', answer)).toEqual([]);
      expect(answer.flags.map((each) => each.key)).toEqual(ANSWERED);
      const again = evaluateFlags(question, 100n, []);
      expect([again.etag, [...((await again.body(ONE_TURN))?.pieces ?? [])].join('')]).toEqual([
        all.etag,
        body,
      ]);
      const one = evaluateFlag(question, key);
      const inAll = answer.flags.find((each) => each.key === key);
      if (one.kind === 'success') expect(JSON.parse(flagBody(one))).toEqual(inAll);
      else if (one.kind === 'none') expect(inAll).toBeUndefined();
      else expect(inAll).toHaveProperty('errorCode');
      return 'answered';
    });
    expect(outcomes.get('answered')).toBeGreaterThan(CASES['OpenFeature bodies'] / 4);
    expect(outcomes.get('refused')).toBeGreaterThan(CASES['OpenFeature bodies'] / 10);
  });
});
