import { describe, expect, it } from 'vitest';
import { checkSegments } from '../../chaos/checks/segments.js';
import { segmentsUsedBy } from '../../chaos/content.js';
import { makeTruth, type CommittedConfig, type Truth } from '../../chaos/truth.js';
import { segment, userOf } from '../../chaos/writers/segments.js';
import type { Entry } from '../../chaos/writers/ledger.js';
import type { Config } from '../../src/ruleset/model.js';
import { deletion } from '../support/configs.js';
import { ENV, texts } from './evidence.js';

/** A store after these changes, one every 10 s. */
function storeAfter(changes: Config[][], lostFrom?: number): Truth {
  let id = 0n;
  const history = changes.map((configs, index) => {
    const previous = id;
    const committed = configs.map((config): CommittedConfig => ({
      key: config.key!,
      id: ++id,
      digest: '',
      deleted: config.configType === 'DELETED',
      text: undefined,
      content: '',
      uses: segmentsUsedBy(config),
      isBoolean: config.valueType === 'BOOL',
    }));
    const at = 10_000 * (index + 1);
    return { environment: ENV, previous, version: id, at, configs: committed, context: undefined };
  });
  return makeTruth({
    rulesets: new Map(),
    history,
    loss: lostFrom === undefined ? 'none' : 'forgiven',
    losses: lostFrom === undefined ? [] : [{ from: lostFrom, to: lostFrom + 100 }],
    rejected: new Set(),
    givenUp: new Set(),
    waiting: 0,
  });
}

function refused(configs: Config[], at: number, code = 'segment_missing'): Entry {
  return {
    intent: { token: 't-1', environment: ENV, configs, valid: true },
    writerKey: 'writer.t',
    ifVersion: undefined,
    begun: at,
    settled: at + 10,
    attempts: 1,
    outcome: { kind: 'refused', reason: `409 {"code":"${code}"}` },
  };
}

describe('segments in the states of the store', () => {
  const uses = userOf('u', 's', 't-1');

  it('the check of segments accepts users of a segment that is there, and its deletion with or after its last user', () => {
    const states = [[segment('s', 't')], [uses], [deletion('u')], [deletion('s')]];
    expect(checkSegments([], storeAfter(states))).toEqual([]);
    expect(
      checkSegments(
        [],
        storeAfter([
          [segment('s', 't'), uses],
          [deletion('s'), deletion('u')],
        ]),
      ),
    ).toEqual([]);
  });

  it.each([
    ['was never there', [[uses]]],
    ['was deleted under its user', [[segment('s', 't')], [uses], [deletion('s')]]],
    ['became a text under its user', [[segment('s', 't')], [uses], [userOf('s', 'none', 't')]]],
    [
      'is used by another segment and was deleted',
      [[segment('s', 't'), segment('r', 't', 's')], [deletion('s')]],
    ],
  ])(
    'the check of segments objects to a segment in use that %s, also in a run that lost writes',
    (_, states) => {
      expect(texts(checkSegments([], storeAfter(states)))).toContain('in vain');
      expect(texts(checkSegments([], storeAfter(states, 0)))).toContain('in vain');
    },
  );

  it('the check of segments accepts a refusal that met a state without the segment', () => {
    const states = storeAfter([[segment('s', 't')], [deletion('s')], [segment('s', 't')]]);
    expect(checkSegments([refused([uses], 25_000)], states)).toEqual([]);
    // The state ended less than a second before the request.
    expect(checkSegments([refused([uses], 30_500)], states)).toEqual([]);
  });

  it('the check of segments objects to a refusal although the segment was there all the time', () => {
    const found = checkSegments([refused([uses], 15_000)], storeAfter([[segment('s', 't')]]));
    expect(texts(found)).toContain('refused because of segments that were as it needs them');
  });

  it('the check of segments accepts a refusal because two segments would use each other, and objects when they would not', () => {
    const states = storeAfter([[segment('a', 't')], [segment('b', 't', 'a')]]);
    const circle = refused([segment('a', 't', 'b')], 25_000, 'segment_circular');
    expect(checkSegments([circle], states)).toEqual([]);
    const line = refused([segment('c', 't', 'b')], 25_000, 'segment_circular');
    expect(checkSegments([line], states)).toHaveLength(1);
  });

  it('the check of segments judges refusals until the store lost writes, and not after it', () => {
    const states = storeAfter([[segment('s', 't')]], 20_000);
    expect(checkSegments([refused([uses], 15_000)], states)).toHaveLength(1);
    expect(checkSegments([refused([uses], 25_000)], states)).toEqual([]);
  });
});
