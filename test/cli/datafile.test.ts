import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planImport, readDatafile, type ImportOptions } from '../../src/cli/datafile.js';
import { segmentsFirst } from '../../src/cli/segment-order.js';
import type { Config, Configs } from '../../src/ruleset/model.js';

const defaults: ImportOptions = { environment: '1', keepIds: false, remap: false, changeBytes: 1_000_000 };

function text(key: string, more: Partial<Config> = {}): Config {
  return {
    key,
    configType: 'CONFIG',
    valueType: 'STRING',
    rows: [{ values: [{ value: { string: key } }] }],
    ...more,
  };
}

/** A boolean that uses segments. */
function using(key: string, ...segments: string[]): Config {
  const values = segments.map((segment) => ({
    criteria: [{ operator: 'IN_SEG', valueToMatch: { string: segment } }],
    value: { bool: true },
  }));
  return {
    key,
    configType: 'SEGMENT',
    valueType: 'BOOL',
    rows: [{ values: [...values, { value: { bool: false } }] }],
  };
}

function plannedConfigs(file: Configs, options: Partial<ImportOptions> = {}): Config[][] {
  return planImport(file, { ...defaults, ...options }).changes.map(
    ({ body }) => (JSON.parse(body) as { configs: Config[] }).configs,
  );
}

function plannedKeys(file: Configs, options: Partial<ImportOptions> = {}): unknown[][] {
  return plannedConfigs(file, options).map((configs) => configs.map(({ key }) => key));
}

describe('an import', () => {
  it('an import leaves ids out, so that new ones are assigned', () => {
    expect(plannedConfigs({ configs: [text('a', { id: '5' })] })).toEqual([[text('a')]]);
  });

  it('an import keeps ids on demand, and their order', () => {
    const configs = [text('a', { id: '17018962363976480' }), text('b', { id: '17018962363976479' })];
    expect(plannedConfigs({ configs }, { keepIds: true })).toEqual([[configs[1], configs[0]]]);
  });

  it('an import is no change at all for an empty file', () => {
    expect(planImport({}, defaults).changes).toEqual([]);
  });

  it('an import leaves deletions out, unless ids are kept', () => {
    const configs: Config[] = [text('a', { id: '1' }), { id: '2', key: 'b', configType: 'DELETED' }];
    expect(planImport({ configs }, defaults)).toMatchObject({ skipped: ['b'], changes: [{ configs: 1 }] });
    expect(planImport({ configs }, { ...defaults, keepIds: true })).toMatchObject({
      skipped: [],
      changes: [{ configs: 2 }],
    });
  });

  it('an import refuses a config that the server would refuse, named by its place in the file', () => {
    const configs = [
      text('a'),
      text('b', { rows: [{ projectEnvId: '2', values: [{ value: { string: 'x' } }] }] }),
    ];
    expect(() => planImport({ configs }, defaults)).toThrow(
      /^configs\[1\]\.rows\[0\]\.projectEnvId must be 1/,
    );
  });

  it('an import refuses a key that is there twice, also when the two would be in different changes', () => {
    expect(() =>
      planImport({ configs: [text('a'), text('b'), text('a')] }, { ...defaults, changeBytes: 150 }),
    ).toThrow(expect.objectContaining({ code: 'key_duplicate', field: 'configs[2].key' }));
  });
});

describe('a file of another environment', () => {
  const file: Configs = {
    configServicePointer: { projectId: '9', projectEnvId: '2' },
    configs: [
      text('a', {
        projectId: '9',
        rows: [
          { projectEnvId: '2', values: [{ value: { string: 'own' } }] },
          { values: [{ value: { string: 'default' } }] },
        ],
      }),
    ],
  };

  it('a file of another environment is refused', () => {
    expect(() => planImport(file, defaults)).toThrow(
      /The file is of environment 2 and the target is 1.*--remap/,
    );
  });

  it('a file of another environment becomes one of the target with --remap', () => {
    expect(plannedConfigs(file, { remap: true })).toEqual([
      [
        text('a', {
          rows: [
            { projectEnvId: '1', values: [{ value: { string: 'own' } }] },
            { values: [{ value: { string: 'default' } }] },
          ],
        }),
      ],
    ]);
  });

  it('a file of another environment must say which one with --remap', () => {
    expect(() => planImport({ configs: [text('a')] }, { ...defaults, remap: true })).toThrow(
      /--remap needs configServicePointer\.projectEnvId/,
    );
  });

  it('a file of another environment is none when the target is named', () => {
    expect(plannedKeys(file, { environment: '2' })).toEqual([['a']]);
  });
});

describe('the order of configs', () => {
  it('the order of configs puts segments before their users, at any depth, and keeps the rest', () => {
    const configs = [text('a'), using('user', 'outer'), using('outer', 'inner'), text('b'), using('inner')];
    expect(plannedKeys({ configs })).toEqual([['a', 'inner', 'outer', 'user', 'b']]);
  });

  it('the order of configs holds for any acyclic references, and loses nothing', () => {
    const graph = fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { maxLength: 30 });
    fc.assert(
      fc.property(graph, fc.infiniteStream(fc.nat()), (edges, order) => {
        // Only edges to lower numbers, so there is no circle; then in any order.
        const configs = edges
          .map((targets, i) => using(`s${i}`, ...targets.filter((to) => to < i).map((to) => `s${to}`)))
          .map((config) => ({ config, rank: order.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ config }) => config);
        const ordered = segmentsFirst(configs);
        const place = new Map(ordered.map(({ key }, i) => [key, i]));
        expect(ordered).toHaveLength(configs.length);
        edges.forEach((targets, i) =>
          targets
            .filter((to) => to < i)
            .forEach((to) => expect(place.get(`s${to}`)).toBeLessThan(place.get(`s${i}`)!)),
        );
      }),
    );
  });

  it('the order of configs leaves a circle to the server', () => {
    expect(plannedKeys({ configs: [using('a', 'b'), using('b', 'a')] })).toEqual([['b', 'a']]);
  });

  it('the order of configs survives a chain of 20,000 segments', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => using(`s${i}`, `s${i + 1}`));
    expect(segmentsFirst(chain)[0]?.key).toBe('s19999');
  });
});

describe('a file that is too large for one change', () => {
  it('a file that is too large for one change is cut so that each body fits, counted in bytes', () => {
    const configs = Array.from({ length: 40 }, (_, i) => text(`ключ-${i}`));
    const { changes } = planImport({ configs }, { ...defaults, changeBytes: 1000 });
    for (const { body } of changes) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(1000);
    expect(changes.length).toBeGreaterThan(3);
    expect(changes.reduce((sum, change) => sum + change.configs, 0)).toBe(40);
  });

  it('a file that is too large for one change has its segments in the first changes', () => {
    const configs = [using('user', 'segment'), text('x'.repeat(200)), using('segment')];
    expect(plannedKeys({ configs }, { changeBytes: 700 })[0]).toEqual(['segment', 'user']);
  });

  it('a file that is too large for one change is refused when a single config fits into none', () => {
    expect(() => planImport({ configs: [text('x'.repeat(300))] }, { ...defaults, changeBytes: 300 })).toThrow(
      expect.objectContaining({ code: 'change_too_large' }),
    );
  });

  it('a file that is too large for one change has a segment with a later id than its user twice: early with a free id, and at its place', () => {
    const configs = [
      { ...using('user', 'segment'), id: '11' },
      { ...using('segment', 'inner'), id: '12' },
      { ...using('inner'), id: '13' },
    ];
    const ids = (options: Partial<ImportOptions>) =>
      plannedConfigs({ configs }, { keepIds: true, ...options }).map((each) =>
        each.map(({ key, id }) => `${key} ${id}`),
      );
    expect(ids({})).toEqual([['user 11', 'segment 12', 'inner 13']]);
    const cut = [['user 11'], ['segment 12'], ['inner 13']];
    expect(ids({ changeBytes: 250 })).toEqual([['inner 1'], ['segment 2'], ...cut]);
    const segments = new Set(['inner']);
    expect(ids({ changeBytes: 250, target: { version: 7n, segments } })).toEqual([['segment 8'], ...cut]);
    const { changes } = planImport({ configs }, { ...defaults, keepIds: true, changeBytes: 250 });
    expect(changes.reduce((sum, change) => sum + change.configs, 0)).toBe(3);
  });

  it('a file that is too large for one change is refused when no id below its own is free for a segment', () => {
    const configs = [
      { ...using('user', 'segment'), id: '1' },
      { ...using('segment'), id: '2' },
    ];
    expect(plannedKeys({ configs }, { keepIds: true })).toEqual([['user', 'segment']]);
    expect(() => planImport({ configs }, { ...defaults, keepIds: true, changeBytes: 250 })).toThrow(
      /the segment "segment" comes after a config that uses it.*without --keep-ids/,
    );
  });
});

describe('reading a datafile', () => {
  it('takes numbers for int64 as proto3-JSON does, and names', () => {
    expect(readDatafile('f', '\ufeff{"configs":[{"id":5,"key":"a","config_type":"CONFIG"}]}')).toEqual({
      configs: [{ id: '5', key: 'a', configType: 'CONFIG' }],
    });
  });

  it('refuses an id that a JSON number has already rounded', () => {
    expect(() => readDatafile('f', '{"configs":[{"id":17018962363976479}]}')).toThrow(
      /configs\[0\]\.id is beyond 2\^53/,
    );
  });

  it.each([
    ['not json', /^data\.json is not JSON/],
    ['[]', /must be a JSON object/],
    ['{"configs":[{"kye":"a"}]}', /kye is not a field of Config/],
  ])('refuses %s', (content, message) => {
    expect(() => readDatafile('data.json', content)).toThrow(message);
  });
});
