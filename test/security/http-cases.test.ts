/**
 * Malformed and hostile requests, to the real app on a real store: each is answered in time, and
 * never with an error of ours; and afterwards the process is as it was.
 */
import { Agent, request as open } from 'node:http';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { segment } from '../ruleset/arbitrary.js';
import { startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag } from '../support/configs.js';
import { quick } from '../support/runs.js';
import { CASES } from './cases.js';
import { requestsTo, type Arbitraries, type Request } from './requests.js';

// These take seconds on an idle machine, and longer next to other tests.
vi.setConfig({ testTimeout: 120_000 });

let app: TestApp;
/** The only one there is, so that requests meet it; as `ENVIRONMENT` of the configs. */
let environment: TestEnvironment;
let arbitraries: Arbitraries;

beforeAll(async () => {
  // Subscriptions that did not come through a proxy are answered 501 and not held, so that each
  // answer ends.
  app = await startApp({ env: { HOLDFAST_HOLD: 'grip' }, limits: { headers: 300, request: 600, check: 50 } });
  for (let i = 1; i < 7; i++) await app.environment();
  environment = await app.environment({ projectId: '3' });
  await environment.commit(segment('base'), flag('a', true));
  arbitraries = await requestsTo(app, environment);
});

afterAll(() => app.close());

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

function ask({ method, path, headers, body }: Request): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = open(app.url + path, {
      method,
      agent,
      headers: { ...headers, 'content-length': body.length },
    });
    const timer = setTimeout(() => {
      const what = JSON.stringify({ method, path, headers, body: Buffer.from(body).toString('latin1') });
      outgoing.destroy(new Error(`no answer within 10 s: ${what}`));
    }, 10_000);
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      // The events of delivery go on until their reader leaves; their head is the answer.
      if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
        clearTimeout(timer);
        response.destroy();
        resolve({ status: response.statusCode ?? 0, text: '' });
        return;
      }
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('error', reject);
      response.once('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() });
      });
    });
    outgoing.end(body);
  });
}

/** Bytes of the heap in use after everything that can be collected was. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

/** Some at a time, as clients come. */
async function inTurns<T, R>(
  values: readonly T[],
  width: number,
  work: (value: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const left = values.entries();
  const worker = async (): Promise<void> => {
    for (const [index, value] of left) results[index] = await work(value);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/** The code of an error, in the form that all routes have or in OpenFeature's. */
function codeOf(text: string): string | undefined {
  const body = JSON.parse(text) as { error?: { code: string }; errorCode?: string };
  return body.error?.code ?? body.errorCode;
}

/** That it still does what it is for. */
async function expectServing(): Promise<void> {
  await app.http.get('/livez').expect(200);
  const { version } = await environment.commit(flag('still.here', true));
  const answer = await environment.subscribe();
  expect(answer.get('Grip-Channel')).toContain(`environment-${environment.id}; prev-id=${version}`);
}

describe('any request', () => {
  it(`any request is answered, and not as an unexpected error (${CASES['requests over HTTP']} cases)`, async () => {
    const requests = fc.sample(arbitraries.request, CASES['requests over HTTP']);
    await inTurns(requests.slice(0, 200), 8, ask);
    const before = heap();
    const answers = await inTurns(requests, 8, ask);
    const bad = answers.flatMap(({ status, text }, i) =>
      status >= 500 && ![501, 503].includes(status) ? [{ status, text, request: requests[i] }] : [],
    );
    expect(bad).toEqual([]);
    expect(app.logs.filter(({ msg }) => msg === 'a request failed')).toEqual([]);
    for (const { status, text } of answers) {
      if (status >= 400 && text !== '') expect(codeOf(text)).toMatch(/^\w+$/);
    }
    const statuses = new Set(answers.map(({ status }) => status));
    const rare = quick ? [] : [201, 403, 405, 412];
    for (const status of [200, 400, 401, 404, ...rare]) expect(statuses).toContain(status);
    app.logs.length = 0;
    expect((heap() - before) / 1024 / 1024).toBeLessThan(48);
    await expectServing();
  });
});

describe('any bytes', () => {
  it(`any bytes on a socket are answered or cut off in time (${CASES['bytes on a socket']} cases)`, async () => {
    const port = Number(new URL(app.url).port);
    const talk = (bytes: Uint8Array): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1');
        let heard = '';
        const timer = setTimeout(
          () => reject(new Error(`open after 15 s: ${Buffer.from(bytes).toString('latin1')}`)),
          15_000,
        );
        const finish = (): void => {
          clearTimeout(timer);
          socket.destroy();
          resolve(heard);
        };
        socket.on('error', () => undefined);
        socket.once('close', finish);
        socket.on('data', (part: Buffer) => {
          heard += part.toString('latin1');
          // An answer has begun; whether the connection then stays open is up to who sent what.
          if (heard.includes('\r\n\r\n')) finish();
        });
        socket.write(bytes);
      });
    const heard = await inTurns(fc.sample(arbitraries.bytes, CASES['bytes on a socket']), 50, talk);
    const statuses = heard.map((text) => /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 'none');
    expect(statuses.filter((status) => status.startsWith('5') && !/^50[13]$/.test(status))).toEqual([]);
    expect(statuses.filter((status) => status === '400').length).toBeGreaterThan(10);
    await expectServing();
  });
});
