/**
 * Bodies of requests for evaluation: contexts as applications have them, odd ones, and what is
 * none.
 */
import fc from 'fast-check';
import { mutated } from '../security/cases.js';

const name = fc.oneof(
  fc.constantFrom(
    'user',
    'user.key',
    'user.plan',
    'key',
    'plan',
    'targetingKey',
    'prefab.current-time',
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const scalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('pro', 'u1', null, true, 1e308, -0, 2 ** 53),
  fc.double(),
  fc.integer(),
);

/** Most of what is in it can be read. */
const context = fc.letrec<{ members: unknown }>((tie) => ({
  members: fc.dictionary(
    name,
    fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 4, arbitrary: scalar },
      { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
      { weight: 1, arbitrary: tie('members') },
    ),
    { maxKeys: 4 },
  ),
})).members;

const body = fc.oneof(
  { weight: 6, arbitrary: context.map((each) => ({ context: each })) },
  { weight: 1, arbitrary: fc.jsonValue().map((each) => ({ context: each })) },
);

/** The text of a body. */
export const bodyText = fc.oneof(
  { weight: 5, arbitrary: body.map((each) => JSON.stringify(each)) },
  { weight: 1, arbitrary: mutated(body.map((each) => JSON.stringify(each))) },
  { weight: 1, arbitrary: fc.json() },
);
