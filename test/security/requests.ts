/**
 * Random requests to the app: of its routes and of none, with good and bad credentials, headers and
 * bodies.
 */
import fc from 'fast-check';
import { concat, encodeConfig } from '../../src/ruleset/codec.js';
import { liveConfig } from '../ruleset/arbitrary.js';
import { ADMIN_TOKEN, basic, gripLast, sign, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag } from '../support/configs.js';
import { routesOf } from '../support/routes.js';
import { readLink } from '../support/stream.js';
import { bodyText } from '../ofrep/arbitrary.js';
import { headerText, mutated, mutatedBytes } from './cases.js';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Uint8Array;
}

export interface Arbitraries {
  readonly request: fc.Arbitrary<Request>;
  /** Such requests as they are on the wire, damaged; and bytes that were none. */
  readonly bytes: fc.Arbitrary<Uint8Array>;
}

const METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'SEARCH'];
/** As the browser SDK has them in a path. */
const NO_CONTEXTS = Buffer.from('{"contexts":[]}').toString('base64');
const IDS = [
  '1',
  '0',
  '999',
  '9223372036854775807',
  '9223372036854775808',
  '-1',
  '1795296825336-0',
  NO_CONTEXTS,
];
const QUERIES = [
  'format=json',
  'format=protobuf',
  'format=json&format=x',
  'count=5',
  'count[]=1',
  '__proto__=1',
];

/**
 * Most of the time the first, so that enough of a request is right for the rest of it to be looked
 * at.
 */
function mostly<T>(usual: fc.Arbitrary<T>, ...others: fc.Arbitrary<T>[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 3 * others.length, arbitrary: usual }, ...others);
}

/** @param environment the one that has the number of `ENVIRONMENT` */
export async function requestsTo(app: TestApp, environment: TestEnvironment): Promise<Arbitraries> {
  const link = readLink(await environment.subscribe()).path;
  const id = mostly(
    fc.constant(environment.id),
    fc.constantFrom(...IDS),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  const query = mostly(
    fc.constant(''),
    fc.constantFrom(...QUERIES),
    fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `format=${encodeURIComponent(text)}`),
    headerText.map((text) => text.replace(/[^\x21-\x7e]/g, '')),
  );
  const paths = (pattern: fc.Arbitrary<string>) =>
    fc.tuple(pattern, id, query).map(([route, value, rest]) => {
      const encoded = encodeURIComponent(value.replace(/\p{Surrogate}/gu, ''));
      const path = route.replace(/:\w+/, /^\.*$/.test(encoded) ? 'x' : encoded);
      return rest === '' ? path : `${path}?${rest}`;
    });
  const headers = headersTo(environment, await sign());
  const { json, settings, any } = bodies();
  const admin = (method: string, route: string, body: fc.Arbitrary<string>) =>
    fc.record({
      method: fc.constant(method),
      path: paths(fc.constant(`/admin/v1/environments/:id${route}`)),
      headers,
      body: mostly(body, mutated(body)).map((text) => Buffer.from(text)),
    });
  const request = fc.oneof(
    {
      weight: 60,
      arbitrary: fc.record({
        method: fc.constantFrom('GET', 'GET', 'POST', ...METHODS),
        path: paths(fc.constantFrom(...routesOf(app.app), '/admin/v1/:id', '/:id', link)),
        headers,
        body: any,
      }),
    },
    { weight: 10, arbitrary: admin('POST', '/changes', json) },
    { weight: 10, arbitrary: admin('POST', '/keys', settings) },
    { weight: 10, arbitrary: admin('PUT', '', settings) },
    { weight: 10, arbitrary: evaluations(environment, headers) },
    // Too rare otherwise: a change that fits in everything but its version.
    { weight: 1, arbitrary: fc.constant(outdated(environment)) },
  );
  return {
    request,
    bytes: mostly(mutatedBytes(request.map(onTheWire)), fc.uint8Array({ maxLength: 200 })),
  };
}

function outdated({ id }: TestEnvironment): Request {
  return {
    method: 'POST',
    path: `/admin/v1/environments/${id}/changes`,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'if-match': '"1"' },
    body: Buffer.from(JSON.stringify({ configs: [flag('a', false)] })),
  };
}

/** Paths of all flags, of an existing one, and of any. */
function evaluations(
  environment: TestEnvironment,
  headers: fc.Arbitrary<Request['headers']>,
): fc.Arbitrary<Request> {
  const flag = mostly(
    fc.constantFrom('', '/a'),
    fc.string({ unit: 'grapheme', maxLength: 8 }).map((name) => `/${encodeURIComponent(name)}`),
  );
  const etag = mostly(fc.constant(''), fc.bigInt().map(String), headerText.map(encodeURIComponent));
  const key = mostly(fc.constant(environment.key), damaged(environment.key), headerText);
  return fc.record({
    method: fc.constant('POST'),
    path: fc
      .tuple(flag, etag)
      .map(([name, known]) => `/ofrep/v1/evaluate/flags${name}?flagConfigEtag=${known}`),
    headers: fc.tuple(headers, key).map(([others, own]) => ({ ...others, 'x-api-key': own })),
    body: mostly(
      bodyText.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 30 }),
    ),
  });
}

function headersTo(environment: TestEnvironment, signature: string): fc.Arbitrary<Request['headers']> {
  const places = gripLast(environment.id, '0', environment.keyId);
  const authorization = mostly(
    fc.constantFrom(`Bearer ${ADMIN_TOKEN}`, `Bearer ${ADMIN_TOKEN}`, basic(environment.key)),
    damaged(`Bearer ${ADMIN_TOKEN}`),
    damaged(basic(environment.key)),
    headerText,
  );
  const version = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String), headerText);
  const twice = (value: fc.Arbitrary<string>) => fc.array(value, { minLength: 2, maxLength: 2 });
  const others: Record<string, fc.Arbitrary<string | string[]>> = {
    'content-type': fc.oneof(
      fc.constantFrom('application/json', 'application/x-protobuf', 'text/plain; charset=utf-16'),
      headerText,
    ),
    'content-encoding': fc.constantFrom('gzip', 'deflate', 'br', 'identity', 'x'),
    'if-match': fc.oneof(
      version,
      version.map((each) => `"${each}"`),
      fc.constantFrom('*', '"1"', 'W/"1"', 'W/"2"'),
    ),
    'if-none-match': fc.oneof(headerText, fc.constantFrom('*', `"${environment.id}-1"`)),
    'idempotency-key': fc.oneof(fc.constantFrom('same', 'x'.repeat(256)), headerText, twice(headerText)),
    'last-event-id': fc.oneof(version, twice(version)),
    'x-prefab-start-at-id': version,
    'grip-sig': mostly(fc.constant(signature), damaged(signature), headerText),
    'grip-last': mostly<string | string[]>(fc.constant(places), damaged(places.join(',')), headerText),
    accept: headerText,
    range: fc.constantFrom('bytes=0-1', 'bytes=9-1', 'x'),
    expect: fc.constant('100-continue'),
  };
  return fc
    .tuple(authorization, fc.record(others), fc.subarray(Object.keys(others), { maxLength: 3 }))
    .map(([credential, all, names]) => ({
      authorization: credential,
      ...Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name))),
    }));
}

function bodies() {
  const configs = fc.constantFrom(...fc.sample(liveConfig(), 50));
  const json = fc
    .array(configs, { minLength: 1, maxLength: 2 })
    .map((list) => JSON.stringify({ configs: list }));
  const settings = fc
    .constantFrom({ projectId: '3', name: 'x' }, { kind: 'server', name: 'x' }, { kind: 'client' })
    .map((each) => JSON.stringify(each));
  const protobuf = configs.map((config) => concat([encodeConfig(config)], new Uint8Array()));
  const any = mostly<Uint8Array>(
    fc.constant(new Uint8Array()),
    fc.oneof(json, mutated(json), mutated(settings), fc.json()).map((text) => Buffer.from(text)),
    mutatedBytes(protobuf),
    fc.uint8Array({ maxLength: 30 }),
  );
  return { json, settings, any };
}

/**
 * Without the bytes that node:http would not send; those are among the damaged ones on the wire.
 */
function damaged(text: string): fc.Arbitrary<string> {
  return mutated(fc.constant(text)).map((each) => each.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?'));
}

function onTheWire({ method, path, headers, body }: Request): Uint8Array {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((each) => `${name}: ${each}\r\n`),
  );
  const head = `${method} ${path} HTTP/1.1\r\nHost: x\r\n${lines.join('')}Content-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}
