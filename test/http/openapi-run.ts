/**
 * Holds the OpenAPI document against a running server, by requests that are made of its schemas. Run
 * on both stores: openapi.test.ts has a data directory, test/e2e/openapi.redis.test.ts Redis.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, basic, type TestApp, type TestEnvironment } from '../support/app.js';
import { deletion, flag } from '../support/configs.js';
import { mismatch, operations, type Operation, type Route } from './openapi-document.js';
import {
  filled,
  headerValue,
  pathText,
  requestsOf,
  type Credential,
  type Known,
  type RandomRequest,
} from './openapi-requests.js';

/** These need an issuer, and succeed in test/oidc. */
export const OIDC_OPERATIONS = ['startOidc', 'finishOidc', 'endSession'];

/** Streams stay open, and have tests of their own. */
const STREAMS = ['watchDelivery', 'subscribe', 'streamNotifications', 'recover'];

/** The most repetitions of a run until a request of its operation has succeeded. */
const MORE_RUNS = 20;

/** The size of a run, and what its server has. */
export interface OpenApiRun {
  /** Requests of each operation. */
  readonly runs: number;
  /** Operations that this server cannot carry out, such as those of an inbox without one. */
  readonly withoutSuccess: readonly string[];
  /** Ids of rejected events that wait, where the store has an inbox. */
  readonly rejected?: () => Promise<readonly string[]>;
}

/** A server with something of every kind, and the credentials to use it. */
interface Prepared {
  readonly known: Known;
  readonly keys: Readonly<Record<'right' | 'client', string>>;
  readonly viewer: string;
}

let names = 0;

/** A new environment; a request of another test may have made one with the next number. */
async function fresh(app: TestApp, attempts = 20): Promise<TestEnvironment> {
  try {
    return await app.environment();
  } catch (error) {
    if (attempts === 0) throw error;
    return fresh(app, attempts - 1);
  }
}

async function prepare(
  app: TestApp,
  { rejected }: OpenApiRun,
  { operationId }: Operation,
): Promise<Prepared> {
  const environments = [await fresh(app), await fresh(app), await fresh(app)];
  const [first] = environments as [(typeof environments)[0]];
  const segment = { ...flag('segment.s', true), configType: 'SEGMENT' };
  const changes = [];
  for (const environment of environments) {
    changes.push(await environment.commit(segment, flag('flag.a', true)));
    changes.push(await environment.commit(flag('flag.a', false), flag('flag.b', true)));
    changes.push(await environment.commit(deletion('flag.b')));
  }
  const client = await first.clientKey();
  const versions = changes.map(({ version }) => version);
  const operators = await Promise.all(
    ['viewer', 'editor'].map(async (role) => {
      const body = { name: `${role}-${++names}`, role, environments: [first.id, environments[1]?.id] };
      const made = await app.admin('post', '/operators').send(body).expect(201);
      return { name: body.name, token: (made.body as { token: string }).token };
    }),
  );
  const { entries } = (await app.admin('get', '/audit')).body as { entries: { id: string }[] };
  const read = async (path: string, key: string) =>
    (await app.http.get(path).set('authorization', basic(key))).headers.etag ?? '"none"';
  const contexts = ['{"contexts":[]}', '{"contexts":[{"type":"user","values":{"key":{"string":"1"}}}]}'].map(
    (text) => Buffer.from(text).toString('base64'),
  );
  const flags = await app.http
    .post('/ofrep/v1/evaluate/flags')
    .set('authorization', basic(first.key))
    .send({});
  const etags = await Promise.all([
    read('/api/v1/configs/0', first.key),
    read('/api/v1/configs/0?format=json', first.key),
    read(`/api/v2/configs/eval-with-context/${encodeURIComponent(contexts[0]!)}`, first.key),
  ]);
  const known: Known = {
    // Mostly the first, so that what else is named is often of the same.
    environment: [first, first, first, ...environments].flatMap(({ id }) => [id, `environment ${id}`]),
    config: ['flag.a', 'flag.b', 'segment.s'],
    keyId: [...environments.map(({ keyId }) => keyId), client.id].slice(operationId === 'revokeKey' ? 0 : 1),
    operator: ['root', ...operators.map(({ name }) => name)],
    version: [...versions.slice(0, 3), ...versions.slice(0, 3), ...versions],
    place: [...versions, `${versions[0]}-1`],
    auditPlace: entries.map(({ id }) => id),
    rejected: (await rejected?.()) ?? ['1763726400000-0'],
    // If-Match takes versions in quotes, If-None-Match what an answer had.
    etag: [`"${versions[2]}"`, `"${versions.at(-1)}"`, ...etags, flags.headers.etag ?? '"none"'],
    contexts,
    signInCode: [app.codes.issue(), 'wrong'],
    action: ['commitChange', 'createKey'],
    project: ['1'],
    newName: Array.from({ length: 51 }, (_, i) => `new-${names}-${i}`),
  };
  return { known, keys: { right: first.key, client: client.key }, viewer: operators[0]?.token ?? '' };
}

function authorization(
  credential: Credential,
  operation: Operation,
  { keys, viewer }: Prepared,
): string | undefined {
  if (credential === 'none') return undefined;
  const isAdmin = operation.security.some((each) => 'operator' in each);
  if (credential === 'wrong') return isAdmin ? 'Bearer wrong' : basic(`${keys.right}0`);
  if (isAdmin) return `Bearer ${credential === 'viewer' ? viewer : ADMIN_TOKEN}`;
  return basic(credential === 'client' ? keys.client : keys.right);
}

/** Sends a request; the answer with a line about both, for a failure. */
async function send(
  app: TestApp,
  { path, method, operation }: Route,
  request: RandomRequest,
  prepared: Prepared,
) {
  let url = path;
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  operation.parameters?.forEach(({ name, in: place }, i) => {
    const value = filled(request.parameters[i], prepared.known);
    if (place === 'path') url = url.replace(`{${name}}`, encodeURIComponent(pathText(value)));
    else if (value === undefined) return;
    else if (place === 'query') query.set(name, pathText(value));
    else headers[name] = headerValue(value);
  });
  const credential = authorization(request.credential, operation, prepared);
  if (credential !== undefined) headers.authorization = credential;
  const init: RequestInit = { method: method.toUpperCase(), headers };
  let sent = '';
  if (method !== 'get' && operation.requestBody !== undefined) {
    if (request.bytes !== undefined) {
      headers['content-type'] = 'application/x-protobuf';
      init.body = Buffer.from(request.bytes);
      sent = Buffer.from(request.bytes).toString('hex');
    } else if (request.body !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = sent = JSON.stringify(filled(request.body, prepared.known));
    }
  }
  const suffix = query.size > 0 ? `?${query.toString()}` : '';
  const answer = await fetch(`${app.url}${url}${suffix}`, init);
  const text = await answer.text();
  const shown = `${method} ${url}${suffix} ${JSON.stringify(headers)} ${sent} → ${answer.status} ${text.slice(0, 300)}`;
  return { answer, text, shown };
}

/** Declares a test for each operation. */
export function openApiRun(app: TestApp, run: OpenApiRun): void {
  describe('the running server', () => {
    for (const route of operations.filter(({ operation }) => !STREAMS.includes(operation.operationId))) {
      const { path, method, operation } = route;
      it(`answers as the OpenAPI document says: ${method} ${path}`, async () => {
        const prepared = await prepare(app, run, operation);
        const seen = new Set<number>();
        const property = fc.asyncProperty(requestsOf(path, operation), async (request) => {
          const { answer, text, shown } = await send(app, route, request, prepared);
          seen.add(answer.status);
          expect(answer.status, shown).not.toBe(500);
          expect(Object.keys(operation.responses), shown).toContain(`${answer.status}`);
          const content = operation.responses[`${answer.status}`]?.content ?? {};
          const media = answer.headers.get('content-type')?.split(';')[0] ?? '';
          if (text !== '') expect(Object.keys(content), shown).toContain(media);
          if (media !== 'application/json') return;
          expect(mismatch(content[media]!.schema, JSON.parse(text)), shown).toBeUndefined();
        });
        await fc.assert(property, { numRuns: run.runs });
        if (run.withoutSuccess.includes(operation.operationId)) return;
        // Requests that never get past the checks of their input would show nothing. Few of some
        // operations do, such as those that must name a version of the past.
        const hasSucceeded = () => [...seen].some((status) => status < 300);
        for (let more = 0; more < MORE_RUNS && !hasSucceeded(); more++)
          await fc.assert(property, { numRuns: run.runs });
        expect(hasSucceeded(), [...seen].sort().join()).toBe(true);
      });
    }
  });
}
