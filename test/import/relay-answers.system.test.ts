/**
 * What relays answer to `curl`, as docs/operations/from-relays.md fetches it, through the command
 * that the page names: whole answers, with the fields that only the product itself reads.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../cli/run.js';
import { read } from '../docs/markdown.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-relay-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The first event of `GET /all` of ld-relay. */
const LD_RELAY = {
  path: '/',
  data: {
    flags: {
      'show-widgets': {
        key: 'show-widgets',
        version: 4,
        on: true,
        prerequisites: [],
        targets: [{ values: ['ann'], variation: 0 }],
        contextTargets: [{ contextKind: 'user', values: [], variation: 0 }],
        rules: [
          {
            id: '6f0c3a40-0d5a-4a55-9c0b-000000000001',
            variation: 0,
            clauses: [
              {
                contextKind: 'user',
                attribute: 'email',
                op: 'endsWith',
                values: ['@acme.com'],
                negate: false,
              },
            ],
            trackEvents: false,
          },
          {
            variation: 0,
            clauses: [{ attribute: '', op: 'segmentMatch', values: ['testers'], negate: false }],
          },
        ],
        fallthrough: { variation: 1 },
        offVariation: 1,
        variations: [true, false],
        clientSideAvailability: { usingMobileKey: false, usingEnvironmentId: true },
        clientSide: true,
        salt: '0123456789abcdef0123456789abcdef',
        trackEvents: false,
        trackEventsFallthrough: false,
        debugEventsUntilDate: null,
        deleted: false,
        samplingRatio: 1,
        excludeFromSummaries: false,
      },
      removed: { version: 7, deleted: true },
    },
    segments: {
      testers: {
        key: 'testers',
        version: 1,
        included: ['bob'],
        excluded: [],
        includedContexts: [],
        excludedContexts: [],
        rules: [],
        salt: 'abc',
        unbounded: false,
        generation: null,
        deleted: false,
      },
    },
  },
};

/** The answer of `GET /api/client/features` of Unleash Edge. */
const UNLEASH_EDGE = {
  version: 2,
  features: [
    {
      name: 'new-checkout',
      type: 'release',
      description: 'the new one',
      enabled: true,
      stale: false,
      impressionData: false,
      project: 'default',
      strategies: [
        {
          name: 'flexibleRollout',
          constraints: [
            { contextName: 'plan', operator: 'IN', values: ['pro'], caseInsensitive: false, inverted: false },
          ],
          parameters: { groupId: 'new-checkout', rollout: '100', stickiness: 'default' },
          segments: [1],
          variants: [],
        },
      ],
      variants: [],
      dependencies: [],
    },
    { name: 'old-banner', type: 'release', enabled: false, project: 'default', strategies: [], variants: [] },
  ],
  segments: [
    {
      id: 1,
      name: 'Germany',
      constraints: [{ contextName: 'country', operator: 'IN', values: ['DE'], inverted: false }],
    },
  ],
  query: { environment: 'production', project: ['*'], inlineSegmentConstraints: false },
  meta: { revisionId: 12, etag: '"76d8bb0e:12"', queryHash: '76d8bb0e' },
};

/** The answer of `GET /api/features/<client key>` of GrowthBook Proxy. */
const GROWTHBOOK_PROXY = {
  status: 200,
  features: {
    banner: {
      defaultValue: '',
      rules: [
        { id: 'fr_1', condition: { id: { $in: ['ann', 'bob'] } }, force: 'hello' },
        {
          key: 'banner',
          seed: 'banner',
          hashAttribute: 'id',
          hashVersion: 2,
          variations: ['x', 'x'],
          weights: [0.5, 0.5],
          meta: [
            { key: '0', name: 'Control' },
            { key: '1', name: 'Variation 1' },
          ],
          phase: '0',
          name: 'banner',
          coverage: 1,
        },
      ],
    },
  },
  experiments: [],
  dateUpdated: '2026-11-29T12:00:00.000Z',
  savedGroups: {},
};

/** The file of flagd. */
const FLAGD = {
  $schema: 'https://flagd.dev/schema/v0/flags.json',
  metadata: { flagSetId: 'shop', version: 'v1' },
  flags: {
    'new-colour': {
      state: 'ENABLED',
      variants: { red: '#f00', blue: '#00f' },
      defaultVariant: 'red',
      targeting: { if: [{ $ref: 'isStaff' }, 'blue'] },
      metadata: { owner: 'web' },
    },
  },
  $evaluators: { isStaff: { ends_with: [{ var: 'email' }, '@acme.com'] } },
};

describe('docs/operations/from-relays.md', () => {
  it('each line with curl saves what a relay answers as a file that the page converts', async () => {
    const server = createServer((request, response) => {
      const answers: Readonly<Record<string, object>> = {
        '/api/client/features': UNLEASH_EDGE,
        '/api/features/sdk-1': GROWTHBOOK_PROXY,
      };
      if (request.url === '/all' && request.headers.authorization === 'sdk-1') {
        // A stream that does not end.
        response.write(`event: put\ndata: ${JSON.stringify(LD_RELAY)}\n\n`);
        response.write(`event: patch\ndata: ${JSON.stringify({ path: '/flags/a', data: {} })}\n\n:\n`);
        setTimeout(() => response.end(':\n'), 500);
      } else response.end(JSON.stringify(answers[request.url ?? ''] ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const lines = read('docs/operations/from-relays.md').match(/^ *curl .*$/gm) ?? [];
    const saved: unknown[] = [];
    for (const line of lines) {
      const command = line.replace(/http:\/\/\w+:\d+/, `http://127.0.0.1:${port}`);
      const env = { PATH: process.env.PATH, SDK_KEY: 'sdk-1', CLIENT_TOKEN: 'token', CLIENT_KEY: 'sdk-1' };
      await promisify(execFile)('sh', ['-c', command], { cwd: folder, env });
      saved.push(JSON.parse(readFileSync(join(folder, 'flags.json'), 'utf8')));
    }
    server.closeAllConnections();
    server.close();
    expect(saved).toEqual([LD_RELAY, UNLEASH_EDGE, GROWTHBOOK_PROXY]);
  });
});

describe.each<[string, string, object, string[], RegExp]>([
  [
    'ld-relay',
    'launchdarkly',
    LD_RELAY,
    ['segment.testers', 'show-widgets'],
    /removed: left out: it is deleted/,
  ],
  ['Unleash Edge', 'unleash', UNLEASH_EDGE, ['segment.1', 'new-checkout', 'old-banner'], /left out: 0/],
  ['GrowthBook Proxy', 'growthbook', GROWTHBOOK_PROXY, ['banner'], /left out: 0/],
  ['flagd', 'flagd', FLAGD, ['new-colour'], /left out: 0/],
])('the answer of %s', (_name, product, answer, keys, said) => {
  it('an answer of a relay is converted into a datafile with its flags, and what is left out is said', async () => {
    const file = join(folder, 'flags.json');
    writeFileSync(file, JSON.stringify(answer));
    const { code, out, err } = await run(['convert', '--from', product, '--format', 'json', file]);
    expect([code, err]).toEqual([0, expect.stringMatching(said)]);
    const { configs } = JSON.parse(out) as { configs: { key: string }[] };
    expect(configs.map(({ key }) => key).sort()).toEqual([...keys].sort());
  });
});
