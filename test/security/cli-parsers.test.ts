/**
 * Input of the command line from servers, files and people, from any text: one line about it, and
 * no terminal control.
 */
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { refusal } from '../../src/cli/api.js';
import { planImport, readDatafile } from '../../src/cli/datafile.js';
import { UsageError } from '../../src/cli/io.js';
import { tail } from '../../src/cli/commands/tail.js';
import { plain } from '../../src/cli/plain.js';
import { makeContext } from '../../src/cli/make-context.js';
import { WRITTEN_VALUE_TYPES } from '../../src/flag-file/terms.js';
import { inferValue, parseAs } from '../../src/cli/value.js';
import { describeValue } from '../../src/words/values.js';
import { concat, encodeConfig, encodeEnvelope } from '../../src/ruleset/codec.js';
import { parseVersion } from '../../src/ruleset/version.js';
import { ENVIRONMENT, liveConfig } from '../ruleset/arbitrary.js';
import { CASES, check, checkAsync, headerText, mutated, refusedOr } from './cases.js';

// These take seconds on an idle machine, and longer next to other tests.
vi.setConfig({ testTimeout: 120_000 });

// eslint-disable-next-line no-control-regex -- these are what must not be there
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

const settings = { id: ENVIRONMENT, projectId: 3n };
const valid = fc.sample(liveConfig(), 100);
/** No server of ours would send these: it refuses control characters in keys. */
const hostile = fc.string({ unit: 'binary', maxLength: 8 }).map((text) => ({
  key: `\u001b]0;${text}\r`,
  configType: 'CONFIG',
  rows: [{ values: [{ value: { json: { json: `\u0007${text}` } } }] }],
}));
const data = fc.array(fc.oneof(fc.constantFrom(...valid), hostile), { maxLength: 2 }).map((configs) =>
  Buffer.from(
    concat(
      configs.map((config) => encodeConfig({ ...config, id: '5' })),
      encodeEnvelope(settings),
    ),
  ).toString('base64'),
);
const id = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const line = fc.oneof(
  fc.tuple(fc.constant('data: '), data),
  fc.tuple(fc.constant('id: '), id),
  fc.tuple(fc.constant('retry: '), id),
  fc.tuple(
    fc.constantFrom(': ', 'event: ', 'data', 'data:', ''),
    fc.string({ unit: 'binary', maxLength: 8 }),
  ),
  fc.constant(['', '']),
);
const text = fc
  .array(line, { maxLength: 12 })
  .map((lines) => lines.map((parts) => `${parts.join('')}\n`).join(''));
/** A stream as it arrives: in pieces that are cut anywhere, also inside of a character. */
const stream = fc
  .tuple(fc.oneof(text, mutated(text)), fc.array(fc.nat({ max: 400 }), { maxLength: 4 }))
  .map(([all, cuts]) => {
    const bytes = Buffer.from(all);
    const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
  });

describe('any stream', () => {
  it(`any stream is printed without what a terminal obeys, and taken up again at a version (${CASES['event streams in the command line']} cases)`, async () => {
    await checkAsync('event streams in the command line', stream, async (pieces) => {
      let written = '';
      const resumed: (string | null)[] = [];
      const stop = new AbortController();
      const around = {
        fetch: (_url: unknown, init: RequestInit) => {
          resumed.push(new Headers(init.headers).get('last-event-id'));
          if (resumed.length > 1) stop.abort();
          return Promise.resolve(new Response(streamOf(pieces), { status: 200 }));
        },
        stdout: { write: (part: string) => (written += part) },
        stderr: { write: (part: string) => (written += part) },
        stdin: Readable.from([]),
        now: () => 1_795_296_780_284,
        random: () => 0.5,
        sleep: (milliseconds: number) => {
          expect(milliseconds).toBeLessThanOrEqual(30_000);
          return Promise.resolve();
        },
        signal: stop.signal,
      };
      const parts = { env: {}, stdout: around.stdout, stderr: around.stderr, serve: () => Promise.resolve() };
      const options = { url: 'http://127.0.0.1:1', key: 'key' };
      await tail(makeContext(parts, around as never, options));
      expect(written).not.toMatch(OBEYED);
      expect(resumed[0]).toBeNull();
      if (typeof resumed[1] === 'string') expect(parseVersion(resumed[1])).toBeDefined();
      return typeof resumed[1];
    });
  });
});

function streamOf(pieces: readonly Uint8Array[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) if (piece.length > 0) controller.enqueue(piece);
      controller.close();
    },
  });
}

describe('any answer of a server', () => {
  it(`any answer of a server that refuses becomes a sentence (${CASES['answers of servers in the command line']} cases)`, () => {
    const word = fc.string({ unit: 'binary', maxLength: 20 });
    const error = fc.record({
      code: fc.oneof(word, fc.jsonValue()),
      message: fc.oneof(word, fc.jsonValue()),
      field: fc.oneof(word, fc.jsonValue()),
    });
    const body = fc.oneof(
      error.map((each) => JSON.stringify({ error: each })),
      fc.json(),
      word,
    );
    check(
      'answers of servers in the command line',
      fc.tuple(fc.integer({ min: 300, max: 599 }), body),
      ([status, answer]) => {
        const said = refusal(status, answer, 'http://h');
        expect(said).toBeInstanceOf(Error);
        expect(plain(said.message)).not.toMatch(OBEYED);
        return 'said';
      },
    );
  });
});

describe('any value or datafile', () => {
  it(`any value or datafile is read, or refused as the caller's fault (${CASES['values and datafiles in the command line']} cases)`, () => {
    const file = fc
      .array(fc.constantFrom(...valid), { maxLength: 3 })
      .map((configs) => JSON.stringify({ configs }));
    const value = fc.tuple(
      fc.constantFrom('', ...Object.values(WRITTEN_VALUE_TYPES), 'INT_RANGE'),
      fc.oneof(fc.string({ unit: 'binary' }), fc.json(), headerText, fc.bigInt().map(String)),
    );
    const options = { environment: `${ENVIRONMENT}`, keepIds: false, remap: false, changeBytes: 1_000_000 };
    const judge = (read: () => string): string => {
      try {
        return refusedOr(read);
      } catch (error) {
        if (error instanceof UsageError) return 'usage';
        throw error;
      }
    };
    const outcomes = check(
      'values and datafiles in the command line',
      fc.oneof(value, file, mutated(file), fc.json()),
      (given) =>
        judge(() => {
          if (typeof given === 'string')
            return `${planImport(readDatafile('file', given), options).changes.length > 0}`;
          const [type, text] = given;
          const { value: read } = type === '' ? inferValue(text) : parseAs(type, text);
          expect(describeValue(read).length).toBeLessThanOrEqual(60);
          return 'value';
        }),
    );
    expect([...outcomes.keys()].sort()).toEqual(['false', 'refused', 'true', 'usage', 'value']);
  });
});
