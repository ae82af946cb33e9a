/** Reports of the SDKs are taken and thrown away. [protocol] #telemetry */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPORT_MAX_BYTES } from '../../src/http/telemetry.js';
import { basic, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { until } from '../support/until.js';

let app: TestApp;
let environment: TestEnvironment;
let clientKey: string;

beforeAll(async () => {
  app = await startApp();
  environment = await app.environment();
  clientKey = (await environment.clientKey()).key;
});

afterAll(() => app.close());

const PATHS = ['/api/v1/telemetry', '/api/v1/telemetry/', '/api/v1/known-loggers', '/api/v1/context-shapes'];

const report = (path: string, body: Uint8Array, headers: Record<string, string>) =>
  fetch(app.url + path, { method: 'POST', body, headers: { authorization: basic(clientKey), ...headers } });

/** As each of them sends it. */
const JSON_TYPE = { 'content-type': 'application/json', accept: 'application/json' };
const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf', accept: 'application/x-protobuf' };

/** The lines of the log, without those about what the set-up did and the one that each request has. */
const logged = () => app.logs.filter(({ msg }) => msg !== 'administration' && msg !== 'request');

describe.each(PATHS)('a report to %s', (path) => {
  it('a report in JSON is answered in JSON, which a browser reads', async () => {
    const answer = await report(path, Buffer.from('{"instanceHash":"x","events":[]}'), JSON_TYPE);
    expect([answer.status, await answer.json()]).toEqual([200, { success: true }]);
  });

  it('a report in protobuf is answered by a TelemetryEventsResponse, which java reads', async () => {
    const answer = await report(path, Buffer.from([0x0a, 1, 0x78]), PROTOBUF_TYPE);
    expect(answer.headers.get('content-type')).toBe('application/x-protobuf');
    expect([answer.status, [...Buffer.from(await answer.arrayBuffer())]]).toEqual([200, [0x08, 1]]);
  });

  it('a report with a server key is taken too', async () => {
    const answer = await report(path, Buffer.from('{}'), {
      ...JSON_TYPE,
      authorization: basic(environment.key, '1'),
    });
    expect(answer.status).toBe(200);
  });

  it('a report without a key, with an unknown one, and with the admin token is refused', async () => {
    for (const authorization of ['', basic('a-P1-E1-CLIENT-b'), 'Bearer admin-token-of-the-tests']) {
      const answer = await report(path, Buffer.from('{}'), { ...JSON_TYPE, authorization });
      expect(answer.status).toBe(401);
      // Not Basic: a browser would ask the visitor of the page for a password.
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    }
  });
});

describe('a report', () => {
  it('a report is not looked at', async () => {
    for (const body of ['', '{', '\0\xff', '{"events":"__proto__"}'])
      expect((await report('/api/v1/telemetry', Buffer.from(body, 'latin1'), JSON_TYPE)).status).toBe(200);
    expect(logged()).toEqual([]);
  });

  it('a report is counted by its route', async () => {
    const series = 'holdfast_http_requests_total{route="/api/v1/telemetry",status="200"}';
    const before = await app.metric(series);
    for (const path of PATHS) await report(path, Buffer.from('{}'), JSON_TYPE);
    expect((await app.metric(series)) - before).toBe(2);
  });

  it('a report of up to the limit is taken, and one above it refused with what to do', async () => {
    const largest = new Uint8Array(REPORT_MAX_BYTES);
    expect((await report('/api/v1/telemetry', largest, PROTOBUF_TYPE)).status).toBe(200);
    const answer = await report('/api/v1/telemetry', new Uint8Array(REPORT_MAX_BYTES + 1), PROTOBUF_TYPE);
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({
      error: { code: 'change_too_large', message: expect.stringContaining('several reports') },
    });
    expect(logged()).toEqual([]);
  });

  it('a report whose sender disconnects in the middle is no unexpected error', async () => {
    const series = 'holdfast_http_requests_total{route="/api/v1/telemetry",status="200"}';
    const before = await app.metric(series);
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    const head = `POST /api/v1/telemetry HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic(clientKey)}\r\n`;
    socket.write(`${head}Content-Length: 1000\r\n\r\nonly the beginning`, () => socket.destroy());
    await until('the node has seen it', async () => (await app.metric(series)) > before);
    expect(logged()).toEqual([]);
  });
});
